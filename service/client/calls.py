"""The one table of what a client can do. `Pivot` and `AsyncPivot` differ in how they send, and only there."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import wraps
from typing import Any, Generic, ParamSpec, Protocol, Self, TypeVar, overload

from service.client.request import Request
from service.client.requests import collections as of_collections
from service.client.requests import images as of_images
from service.client.requests import jobs as of_jobs
from service.client.requests import keys as of_keys
from service.client.requests import search as of_search

P = ParamSpec("P")
T = TypeVar("T")
Page = TypeVar("Page", bound="Paged")
Item = TypeVar("Item")


class Paged(Protocol):
    """An answer that is a part of a longer one."""

    @property
    def next_cursor(self) -> str | None: ...


class Sender(Protocol):
    def send(self, request: Request[T]) -> T:
        """The answer."""


class AsyncSender(Protocol):
    def send(self, request: Request[T]) -> Awaitable[T]:
        """The answer, in time."""


class Call(Generic[P, T]):
    """A method made of the function that describes its request."""

    def __init__(self, build: Callable[P, Request[T]]) -> None:
        self._build = build
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...
    @overload
    def __get__(self, client: Sender, owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, client: AsyncSender, owner: type) -> Callable[P, Awaitable[T]]: ...

    def __get__(self, client: Any, owner: type) -> Any:
        if client is None:
            return self

        @wraps(self._build)
        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            return client.send(self._build(*args, **kwargs))

        return call


class Each(Generic[P, Page, Item]):
    """A method that goes through all pages of a call, and gives what `items` finds on them."""

    def __init__(self, build: Callable[P, Request[Page]], items: Callable[[Page], list[Item]]) -> None:
        self._build = build
        self._items = items
        self.__doc__ = f"All pages of: {build.__doc__}"

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...
    @overload
    def __get__(self, client: Sender, owner: type) -> Callable[P, Iterator[Item]]: ...
    @overload
    def __get__(self, client: AsyncSender, owner: type) -> Callable[P, AsyncIterator[Item]]: ...

    def __get__(self, client: Any, owner: type) -> Any:
        if client is None:
            return self

        @wraps(self._build)
        def each(*args: P.args, **kwargs: P.kwargs) -> Any:
            def page(cursor: str | None) -> Request[Page]:
                return self._build(*args, **{**kwargs, **({"cursor": cursor} if cursor else {})})  # type: ignore[arg-type]

            return client.each(page, self._items)

        return each


class Calls:
    """Images go by their ids in a collection, which is `default` unless another is named."""

    collections = Call(of_collections.collections)
    collection = Call(of_collections.collection)
    create_collection = Call(of_collections.create_collection)
    rename_collection = Call(of_collections.rename_collection)
    delete_collection = Call(of_collections.delete_collection)
    duplicates = Call(of_collections.duplicates)
    each_duplicates = Each(of_collections.duplicates, lambda page: page.groups)

    upload = Call(of_images.upload)
    images = Call(of_images.images)
    each_image = Each(of_images.images, lambda page: page.images)
    image = Call(of_images.image)
    update_image = Call(of_images.update_image)
    delete_image = Call(of_images.delete_image)
    delete_images = Call(of_images.delete_images)
    file = Call(of_images.file)
    thumbnail = Call(of_images.thumbnail)
    image_duplicates = Call(of_images.image_duplicates)

    search = Call(of_search.search)
    each_result = Each(of_search.search, lambda answer: answer.results)
    search_many = Call(of_search.search_many)
    search_captions = Call(of_search.search_captions)
    embed = Call(of_search.embed)
    model = Call(of_search.model)

    import_archive = Call(of_jobs.import_archive)
    import_folder = Call(of_jobs.import_folder)
    import_urls = Call(of_jobs.import_urls)
    jobs = Call(of_jobs.jobs)
    each_job = Each(of_jobs.jobs, lambda page: page.jobs)
    job = Call(of_jobs.job)
    cancel_job = Call(of_jobs.cancel_job)
    job_items = Call(of_jobs.job_items)
    each_job_item = Each(of_jobs.job_items, lambda page: page.items)
    doctor = Call(of_jobs.doctor)

    keys = Call(of_keys.keys)
    each_key = Each(of_keys.keys, lambda page: page.keys)
    key = Call(of_keys.key)
    create_key = Call(of_keys.create_key)
    revoke_key = Call(of_keys.revoke_key)
