"""The index: what people trust with their collections. It knows nothing of torch or HTTP.

In reading order: `records`, `vectors`, `queries` and `filters` are its language, `gallery` its face, with
`reading` for what changes nothing. What is kept: `catalog` with `captions` (SQLite, over `connections`,
`migrations` and `sql`), and `files`. How it is found: `search`, with `candidates` (FAISS, behind
`readers_writer`; a `shelf` holds those of a collection), `rerank` and `cursors`.
Then `spaces`, how one model follows another, `lock`, who owns it, `reserve`, what is kept for a full disk,
and `errors`, what can go wrong.

Around a store: `doctor` mends it, `backup` copies it, `export` and `imports` bring a collection out and in
as a `bundle`, `audit` measures what a search misses; `store` opens it where no model takes part.
"""
