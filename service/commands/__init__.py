"""The command line's parts, one noun a module. `service/__main__.py` puts them together.

In reading order: `arguments` is what one may ask for, `client` how a command reaches a service, `local` and
`remote` the two ways, `folder` and `indexing` what `index` does, `table` what `search` prints, `server` what
`serve` runs, `copies` what `backup`, `export` and `import` do, `checkup` what `doctor` tells, `auditing` what
`audit` prints, `errors` what a person is told when a command cannot go on.
"""
