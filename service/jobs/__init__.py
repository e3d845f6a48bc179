"""Imports that go on in the background: of archives, of folders on this machine, of lists of URLs.

In reading order: `ledger` keeps jobs and their items (`records`) in a `database`, `sources` says what a job
reads from, with `archives` (over `reading`), `bundles`, `folders` and `urls`; `runner` does the work,
`events` tells of it as it happens, `received` takes an archive in. `errors` has what can go wrong.
"""
