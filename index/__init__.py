"""The index: what people trust with their collections. It knows nothing of torch or HTTP.

In reading order: `records` and `vectors` are its language, `gallery` its face, `catalog` (SQLite, over
`connections` and `migrations`) and `files` what is kept, `candidates` (FAISS, behind `readers_writer`) and
`rerank` how it is searched, `spaces` how one model follows another, `lock` who owns it, `reserve` what is
kept for a full disk, and `errors` what can go wrong.

Around a store: `doctor` mends it, `backup` copies it, `export` and `imports` bring a collection out and in
as a `bundle`, `audit` measures what a search misses; `store` opens it where no model takes part.
"""
