"""Whatever is done to a gallery, and however often it is opened again, it holds what a dictionary would."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from index.changes import ImageChange
from index.gallery import Gallery
from index.records import Addition, CaptionRule, CaptionRules, NewCaption, SearchOptions
from tests.index.samples import DIM, MODEL, sample, unit

names = st.sampled_from(["default", "a", "b"])
contents = st.lists(st.integers(0, 9), max_size=4)
texts = st.lists(st.sampled_from(["one", "two", "three"]), max_size=3)

RULES: CaptionRules = {
    "symmetric": CaptionRule(1, 1),
    "asymmetric": CaptionRule(1, 1),
}  # any caption beats any image


def new_captions(texts: list[str]) -> list[NewCaption]:
    return [NewCaption("en", text, unit(len(text), 1, 2, 3)) for text in texts]


class GalleryBesideDictionary(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.gallery = Gallery.open(Path(self.folder.name), dim=DIM, model_version=MODEL)
        self.expected: dict[str, dict[int, int]] = {"default": {}}  # collection -> content -> id
        self.captions: dict[int, dict[str, int]] = {}  # image id -> text -> id
        self.ids_given: set[int] = set()
        self.caption_ids_given: set[int] = set()

    def teardown(self) -> None:
        self.gallery.close()
        self.folder.cleanup()

    @rule(name=names, contents=contents, texts=texts)
    def add(self, name: str, contents: list[int], texts: list[str]) -> None:
        if name not in self.expected:
            return
        images = [
            replace(sample(str(content), unit(content, 1, 2, 3)), captions=tuple(new_captions(texts)))
            for content in contents
        ]
        for content, added in zip(contents, self.gallery.add(name, images), strict=True):
            assert added.created == (content not in self.expected[name])
            if added.created:
                assert added.record.id not in self.ids_given
                self.ids_given.add(added.record.id)
            assert self.expected[name].setdefault(content, added.record.id) == added.record.id
            self.expect_captions(name, added.record.id, {*self.captions.get(added.record.id, ()), *texts})

    def expect_captions(self, name: str, image_id: int, texts: set[str]) -> None:
        there = self.captions.setdefault(image_id, {})
        for gone in there.keys() - texts:
            del there[gone]
        found = self.gallery.image(name, image_id).captions
        assert {record.text for record in found} == texts
        for record in found:
            assert record.text in there or record.id not in self.caption_ids_given
            assert there.setdefault(record.text, record.id) == record.id
            self.caption_ids_given.add(record.id)

    @rule(name=names, content=st.integers(0, 9), texts=texts)
    def add_captions(self, name: str, content: int, texts: list[str]) -> None:
        if (id := self.expected.get(name, {}).get(content)) is not None:
            self.gallery.complete(name, [Addition(sample(str(content)).sha256, new_captions(texts))])
            self.expect_captions(name, id, {*self.captions[id], *texts})

    @rule(name=names, content=st.integers(0, 9), texts=texts)
    def replace_captions(self, name: str, content: int, texts: list[str]) -> None:
        if (id := self.expected.get(name, {}).get(content)) is not None:
            self.gallery.update(name, id, ImageChange(captions=new_captions(texts)))
            self.expect_captions(name, id, set(texts))

    @rule(name=names, contents=contents)
    def remove(self, name: str, contents: list[int]) -> None:
        if name not in self.expected:
            return
        here = self.expected[name]
        ids = [here.pop(content) for content in set(contents) if content in here]
        assert self.gallery.remove(name, [*ids, 10**6]) == sorted(ids)

    @rule(name=names)
    def create_collection(self, name: str) -> None:
        if name not in self.expected:
            self.gallery.create_collection(name)
            self.expected[name] = {}

    @precondition(lambda self: len(self.expected) > 1)
    @rule(name=names)
    def delete_collection(self, name: str) -> None:
        if name in self.expected:
            self.gallery.delete_collection(name)
            del self.expected[name]

    @rule(name=names)
    def empty_collection(self, name: str) -> None:
        if name in self.expected:
            self.gallery.empty_collection(name)
            self.expected[name] = {}

    @rule()
    def open_again(self) -> None:
        self.gallery.close()
        self.gallery = Gallery.open(Path(self.folder.name), dim=DIM, model_version=MODEL)
        self.expected.setdefault("default", {})

    @invariant()
    def holds_what_is_expected(self) -> None:
        assert {record.name for record in self.gallery.collections()} == self.expected.keys()
        for name, here in self.expected.items():
            ids = sorted(here.values())
            records = self.gallery.images(name)
            assert [record.id for record in records] == ids
            for exact in (False, True):
                options = SearchOptions(k=99, exact=exact, captions=RULES)
                hits = self.gallery.search(name, unit(1, 1, 1, 1), options).hits
                assert sorted(hit.record.id for hit in hits) == ids
                assert {hit.record.id for hit in hits if hit.symmetric > 1} == self.captioned(name)

    @invariant()
    def holds_the_captions_of_its_images_only(self) -> None:
        for name, here in self.expected.items():
            captions = {caption for id in here.values() for caption in self.captions[id].values()}
            hits = self.gallery.best_captions(name, unit(1, 1, 1, 1), k=99)
            assert {hit.record.id for hit in hits} == captions
            assert len(self.gallery._space.shelf(name).captions) == len(captions)
            options = SearchOptions(k=99, filter={"caption": {}})
            hits_with = self.gallery.search(name, unit(1, 1, 1, 1), options).hits
            assert {hit.record.id for hit in hits_with} == self.captioned(name)

    def captioned(self, name: str) -> set[int]:
        return {id for id in self.expected[name].values() if self.captions[id]}

    @invariant()
    def keeps_files_of_its_records_only(self) -> None:
        used = {sample(str(content)).sha256 for here in self.expected.values() for content in here}
        originals = (Path(self.folder.name) / "originals").glob("*/*")
        assert {path.parent.name + path.name for path in originals} == used


TestGalleryBesideDictionary = GalleryBesideDictionary.TestCase
TestGalleryBesideDictionary.settings = settings(
    deadline=None, max_examples=12, stateful_step_count=15, suppress_health_check=[HealthCheck.too_slow]
)
