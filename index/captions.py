"""Captions: what people wrote about the catalog's images, in any languages, and these texts' vectors."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence

from index.connections import Connections
from index.errors import TooManyCaptions
from index.filters import folded
from index.records import MOST_CAPTIONS, CaptionRecord, CollectionRef, ImageRecord, NewCaption
from index.sql import Vectors, collection_key, touch
from index.vectors import Ids, Row, Rows, to_blob

_CAPTIONS = "SELECT captions.id, image_id, language, text, captions.created_at FROM captions"


class Captions:
    """A part of the catalog. Like the rest of it, it sees the vectors of one model."""

    def __init__(self, connections: Connections, vectors: Vectors) -> None:
        self._connections = connections
        self._vectors = vectors

    def records(self, ids: Sequence[int]) -> dict[int, CaptionRecord]:
        """Those of the captions that exist, of any collection, by id."""
        with self._connections.reading() as connection:
            rows = connection.execute(
                f"{_CAPTIONS} WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(ids)),)
            )
            return {row[0]: CaptionRecord(*row) for row in rows}

    def replace(
        self, connection: sqlite3.Connection, image: ImageRecord, captions: Sequence[NewCaption], at: str
    ) -> tuple[list[int], dict[int, Row]]:
        """Within a transaction under way, leaves the image these captions and no others.

        A caption that it has already keeps its record. Gives removed ids and new vectors by id. Raises
        TooManyCaptions.
        """
        keep = {(caption.language, caption.text) for caption in captions}
        if len(keep) > MOST_CAPTIONS:
            raise TooManyCaptions(len(keep), MOST_CAPTIONS)
        removed = [one.id for one in image.captions if (one.language, one.text) not in keep]
        self._delete(connection, removed, at)
        return removed, self.insert(connection, image.id, captions, at)

    def insert(
        self, connection: sqlite3.Connection, image_id: int, captions: Sequence[NewCaption], at: str
    ) -> dict[int, Row]:
        """Within a transaction under way, adds what the image lacks; gives the new vectors by caption id."""
        added: dict[int, Row] = {}
        changed = False
        for caption in captions:
            id, new = insert_caption(connection, image_id, caption.language, caption.text, at)
            changed |= new
            if caption.vector is None:
                self._note_unreadable(connection, [id])
                continue
            done = connection.execute(
                """INSERT INTO caption_vectors (caption_id, model_version, vector) VALUES (?, ?, ?)
                ON CONFLICT DO NOTHING""",
                (id, self._vectors.model, to_blob(caption.vector)),
            )
            if done.rowcount:
                added[id] = caption.vector
        if changed:
            touch(connection, [image_id], at)
        return added

    def vectors(self, collection: CollectionRef) -> Iterator[tuple[Ids, Rows]]:
        """All vectors of the collection in blocks: (n,) int64 and (n, dim) float32. Raises StoreDamaged."""
        with self._connections.reading() as connection:
            found = connection.execute(
                """SELECT captions.id, vector FROM captions
                JOIN images ON images.id = image_id AND collection_id = ?
                JOIN caption_vectors ON caption_id = captions.id AND model_version = ?
                ORDER BY captions.id""",
                (collection_key(connection, collection), self._vectors.model),
            )
            yield from self._vectors.blocks(found)

    def vectors_of_images(self, image_ids: Ids) -> tuple[Ids, Rows]:
        """The vectors of all captions of these images: for each the image's id, and (n, dim) float32."""
        with self._connections.reading() as connection:
            found = connection.execute(
                """SELECT image_id, vector FROM captions
                JOIN caption_vectors ON caption_id = id AND model_version = ?
                WHERE image_id IN (SELECT value FROM json_each(?))""",
                (self._vectors.model, json.dumps(image_ids.tolist())),
            )
            return self._vectors.all(found)

    def images_of(self, ids: Ids) -> set[int]:
        """The images that these captions belong to; a caption that was removed belongs to none."""
        with self._connections.reading() as connection:
            found = connection.execute(
                "SELECT image_id FROM captions WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(ids.tolist()),),
            )
            return {image_id for (image_id,) in found}

    def without_vector(self, *, after: int, limit: int) -> list[CaptionRecord]:
        """Up to `limit` captions of any collection that await a vector, from ids above `after`, in order."""
        with self._connections.reading() as connection:
            rows = connection.execute(
                f"""{_CAPTIONS} WHERE id > ? AND NOT EXISTS
                (SELECT 1 FROM caption_vectors WHERE caption_id = captions.id AND model_version = ?)
                AND NOT EXISTS
                (SELECT 1 FROM unreadable_captions WHERE caption_id = captions.id AND model_version = ?)
                ORDER BY id LIMIT ?""",
                (after, self._vectors.model, self._vectors.model, limit),
            )
            return [CaptionRecord(*row) for row in rows]

    def put_vectors(self, vectors: Mapping[int, Row]) -> dict[int, str]:
        """Sets vectors, (dim,) float32 each, durably; gives the ids that exist with their collections."""
        with self._connections.writing() as connection:
            present = dict(
                connection.execute(
                    """SELECT captions.id, name FROM captions
                    JOIN images ON images.id = image_id JOIN collections ON collections.id = collection_id
                    WHERE captions.id IN (SELECT value FROM json_each(?))""",
                    (json.dumps(list(vectors)),),
                ).fetchall()
            )
            connection.executemany(
                """INSERT INTO caption_vectors (caption_id, model_version, vector) VALUES (?, ?, ?)
                ON CONFLICT DO UPDATE SET vector = excluded.vector""",
                ((id, self._vectors.model, to_blob(vectors[id])) for id in present),
            )
            return present

    def put_unreadable(self, ids: Sequence[int]) -> None:
        """Notes, durably, that the model has no vector for these captions; deleted ones are ignored."""
        with self._connections.writing() as connection:
            self._note_unreadable(connection, ids)

    def _note_unreadable(self, connection: sqlite3.Connection, ids: Sequence[int]) -> None:
        connection.execute(
            """INSERT INTO unreadable_captions (caption_id, model_version)
            SELECT id, ? FROM captions WHERE id IN (SELECT value FROM json_each(?)) ON CONFLICT DO NOTHING""",
            (self._vectors.model, json.dumps(list(ids))),
        )

    def _delete(self, connection: sqlite3.Connection, ids: Sequence[int], at: str) -> None:
        if not ids:
            return
        rows = connection.execute(
            "DELETE FROM captions WHERE id IN (SELECT value FROM json_each(?)) RETURNING image_id",
            (json.dumps(list(ids)),),
        )
        touch(connection, list({image_id for (image_id,) in rows}), at)


def insert_caption(
    connection: sqlite3.Connection, image_id: int, language: str, text: str, at: str
) -> tuple[int, bool]:
    """Within a transaction under way, adds the caption unless the image has it; gives its id, whether new."""
    same = (image_id, language, text)
    done = connection.execute(
        """INSERT INTO captions (image_id, language, text, folded, created_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING""",
        (*same, folded(text), at),
    )
    ((id,),) = connection.execute(
        "SELECT id FROM captions WHERE image_id = ? AND language = ? AND text = ?", same
    )
    return int(id), done.rowcount == 1
