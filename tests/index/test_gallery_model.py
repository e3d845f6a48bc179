"""Whatever is done to a gallery, and however often it is opened again, it holds what a dictionary would."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from index.gallery import Gallery
from index.records import SearchOptions
from tests.index.samples import DIM, MODEL, sample, unit

names = st.sampled_from(["default", "a", "b"])
contents = st.lists(st.integers(0, 9), max_size=4)


class GalleryBesideDictionary(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.gallery = Gallery.open(Path(self.folder.name), dim=DIM, model_version=MODEL)
        self.expected: dict[str, dict[int, int]] = {"default": {}}  # collection -> content -> id
        self.ids_given: set[int] = set()

    def teardown(self) -> None:
        self.gallery.close()
        self.folder.cleanup()

    @rule(name=names, contents=contents)
    def add(self, name: str, contents: list[int]) -> None:
        if name not in self.expected:
            return
        images = [sample(str(content), unit(content, 1, 2, 3)) for content in contents]
        for content, added in zip(contents, self.gallery.add(name, images), strict=True):
            assert added.created == (content not in self.expected[name])
            if added.created:
                assert added.record.id not in self.ids_given
                self.ids_given.add(added.record.id)
            assert self.expected[name].setdefault(content, added.record.id) == added.record.id

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
                found = self.gallery.search(name, unit(1, 1, 1, 1), SearchOptions(k=99, exact=exact))
                assert sorted(hit.record.id for hit in found.hits) == ids

    @invariant()
    def keeps_files_of_its_records_only(self) -> None:
        used = {sample(str(content)).sha256 for here in self.expected.values() for content in here}
        originals = (Path(self.folder.name) / "originals").glob("*/*")
        assert {path.parent.name + path.name for path in originals} == used


TestGalleryBesideDictionary = GalleryBesideDictionary.TestCase
TestGalleryBesideDictionary.settings = settings(
    deadline=None, max_examples=12, stateful_step_count=15, suppress_health_check=[HealthCheck.too_slow]
)
