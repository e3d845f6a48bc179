"""The index: what people trust with their collections. It knows nothing of torch or HTTP.

In reading order: `records`, `vectors`, `queries` and `filters` are its language, `gallery` its face. What is
kept: `catalog` with `captions` (SQLite, over `connections`, `migrations` and `sql`), and `files`. How it is
found: `search`, with `candidates` (FAISS, behind `readers_writer`; a `shelf` holds those of a collection),
`rerank` and `cursors`. Then `lock`, who owns it, and `errors`, what can go wrong.
"""
