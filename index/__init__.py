"""The index: what people trust with their collections. It knows nothing of torch or HTTP.

In reading order: `records`, `vectors`, `queries` and `filters` are its language, `gallery` its face, with
`reading` for what changes nothing. What is kept: `catalog` with `collections`, `image_vectors`, `captions`
and `receipts` (SQLite, over `connections`, `migrations` and `sql`), what `changes` there, what `conflicts`
with it, in which order a `listing` gives it, and `files`. How it is found: `search`, with `candidates` (over
`rows`, and FAISS's `lists`, which `builder` makes and `snapshots` keeps, behind `readers_writer`), `rerank`
and `cursors`; and `duplicates`, by these candidates and by `hashes`. A `shelf` has the candidates of a
collection, and `spaces` those of a model, and how another follows it. Then `names`, `lock`, who owns it,
`removal`, how images leave, with `reserve`, what is kept for a full disk, and `errors`, what can go wrong.

Around a store: `doctor` mends it, `backup` copies it, `export` and `imports` bring a collection out and in
as a `bundle`, whose files `leaving` gives, `audit` measures what a search misses; `store` opens it where no
model takes part.
"""
