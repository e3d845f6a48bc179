"""The command line's parts, one noun a module. `service/__main__.py` puts them together.

In reading order: `arguments` and `options` are what one may ask for, `running` what each command does,
`place` where it works, on a data folder or through a service, in the same words; `adding` is what `upload`
does, with `folder` and `indexing`, `asking` what `search` asks and `table` what it prints, `collections`,
`jobs` and `keys` the commands of these names, `server` what `serve` runs, `copies` what `backup`, `export`
and `import` do, `checkup` what `doctor` tells, `auditing` what `audit` prints, `errors` what a person is told
when a command cannot go on.
"""
