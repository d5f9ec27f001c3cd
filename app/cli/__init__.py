"""The command line: `app` puts the commands together, each of which registers itself.

Heavy modules are loaded inside of the commands, so that `--help` answers at once. Imports `main`,
`api`, `tasks`, `bootstrap`, `logs`, `worker`, the use cases `upkeep`, `intake`, `ending`,
`results`, `access`, and `adapters`, `config`, `storage`, `db`, `catalog`, `domain`, `memory`.
"""
