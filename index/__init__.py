"""The index: what people trust with their collections. It knows nothing of torch or HTTP.

In reading order: `records` and `vectors` are its language, `gallery` its face, `catalog` (SQLite, over
`connections` and `migrations`) and `files` what is kept, `candidates` how it is searched (over `rows`, and
FAISS's `lists`, which `builder` makes and `snapshots` keeps, behind `readers_writer`), `rerank` how it is
ranked, `lock` who owns it and `errors` what can go wrong.
"""
