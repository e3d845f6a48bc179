-- A catalog as releases of schema 4 wrote it: opened by tests/index/test_migrations.py.
BEGIN TRANSACTION;
CREATE TABLE caption_vectors (
        caption_id INTEGER NOT NULL REFERENCES captions (id) ON DELETE CASCADE,
        model_version TEXT NOT NULL,
        vector BLOB NOT NULL, -- float32, little endian
        PRIMARY KEY (caption_id, model_version)
    ) STRICT;
INSERT INTO "caption_vectors" VALUES(1,'model-1',X'2EF9E43E000000002EF9643F00000000');
INSERT INTO "caption_vectors" VALUES(2,'model-0',X'F304353F00000000F304353F00000000');
INSERT INTO "caption_vectors" VALUES(3,'model-1',X'F304353F00000000F304353F00000000');
INSERT INTO "caption_vectors" VALUES(5,'model-1',X'000000000000803F0000000000000000');
CREATE TABLE captions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        image_id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
        language TEXT NOT NULL,
        text TEXT NOT NULL,
        folded TEXT NOT NULL, -- the text as filters compare it
        created_at TEXT NOT NULL,
        UNIQUE (image_id, language, text) -- in this order it also finds the captions of an image
    ) STRICT;
INSERT INTO "captions" VALUES(1,3,'de','Ein Hund','ein hund','2026-01-31T12:00:00.123Z');
INSERT INTO "captions" VALUES(2,3,'en','A dog','a dog','2026-01-31T12:00:00.123Z');
INSERT INTO "captions" VALUES(3,5,'en','A dog','a dog','2026-01-31T12:00:00.123Z');
INSERT INTO "captions" VALUES(5,4,'fr','Un chat','un chat','2026-01-31T12:00:00.123Z');
CREATE TABLE collections (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        created_at TEXT NOT NULL
    ) STRICT;
INSERT INTO "collections" VALUES(1,'default','2026-01-31T12:00:00.123Z');
INSERT INTO "collections" VALUES(2,'trips','2026-01-31T12:00:00.123Z');
CREATE TABLE images (
        id INTEGER PRIMARY KEY AUTOINCREMENT, -- which never gives an id twice
        collection_id INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
        sha256 TEXT NOT NULL,
        filename TEXT NOT NULL,
        format TEXT NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        metadata TEXT NOT NULL, -- a JSON object
        created_at TEXT NOT NULL, external_id TEXT, updated_at TEXT NOT NULL DEFAULT '',
        UNIQUE (sha256, collection_id) -- in this order it also finds the other users of a content
    ) STRICT;
INSERT INTO "images" VALUES(1,1,'cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4','photo.jpg','jpeg',640,480,3,'{}','2026-01-31T12:00:00.123Z',NULL,'2026-01-31T12:00:00.123Z');
INSERT INTO "images" VALUES(3,1,'cd6357efdd966de8c0cb2f876cc89ec74ce35f0968e11743987084bd42fb8944','Hund.jpg','jpeg',640,480,3,'{"camera": "X100", "tags": ["a", null], "\u00fc": 1.5}','2026-01-31T12:00:00.123Z','dog','2026-02-01T12:00:00.123Z');
INSERT INTO "images" VALUES(4,2,'77af778b51abd4a3c51c5ddd97204a9c3ae614ebccb75a606c3b6865aed6744e','photo.jpg','jpeg',640,480,3,'{}','2026-01-31T12:00:00.123Z',NULL,'2026-01-31T12:00:00.123Z');
INSERT INTO "images" VALUES(5,2,'cd6357efdd966de8c0cb2f876cc89ec74ce35f0968e11743987084bd42fb8944','photo.jpg','jpeg',640,480,3,'{}','2026-01-31T12:00:00.123Z',NULL,'2026-01-31T12:00:00.123Z');
CREATE TABLE receipts ( -- what was answered to a request that had a key, should it come again
        collection_id INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
        key TEXT NOT NULL,
        digest TEXT NOT NULL, -- of the request
        answer BLOB NOT NULL, -- compressed
        created_at TEXT NOT NULL,
        PRIMARY KEY (collection_id, key)
    ) STRICT;
INSERT INTO "receipts" VALUES(1,'a key','a digest',X'789CABAE0500017500F9','2026-01-31T12:00:00.123Z');
CREATE TABLE serving ( -- the model whose vectors are searched: one row, or none yet
        one INTEGER PRIMARY KEY CHECK (one = 1),
        model_version TEXT NOT NULL,
        checkpoint TEXT -- where the model was loaded from, in the words of whoever loads it
    ) STRICT;
INSERT INTO "serving" VALUES(1,'model-1','hub:a/model');
CREATE TABLE unreadable_captions ( -- those that the model has no vector for, nor ever will
        caption_id INTEGER NOT NULL REFERENCES captions (id) ON DELETE CASCADE,
        model_version TEXT NOT NULL,
        PRIMARY KEY (caption_id, model_version)
    ) STRICT;
INSERT INTO "unreadable_captions" VALUES(2,'model-1');
CREATE TABLE vectors (
        image_id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
        model_version TEXT NOT NULL,
        vector BLOB NOT NULL, -- float32, little endian
        PRIMARY KEY (image_id, model_version)
    ) STRICT;
INSERT INTO "vectors" VALUES(1,'model-0',X'BAF43A3F8B370C3FBAF4BA3EBAF43A3E');
INSERT INTO "vectors" VALUES(3,'model-1',X'2EF9E43E000000002EF9643F00000000');
INSERT INTO "vectors" VALUES(4,'model-1',X'00000000F304353FF304353F00000000');
INSERT INTO "vectors" VALUES(5,'model-1',X'2EF9E43E000000002EF9643F00000000');
CREATE INDEX images_of_collection ON images (collection_id);
CREATE UNIQUE INDEX images_by_external_id ON images (collection_id, external_id)
        WHERE external_id IS NOT NULL;
CREATE INDEX receipts_by_age ON receipts (created_at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('collections',3);
INSERT INTO "sqlite_sequence" VALUES('images',6);
INSERT INTO "sqlite_sequence" VALUES('captions',6);
COMMIT;
PRAGMA user_version = 4;
