"""What clients read: status, lists, images, output files, pictures, and the hosts of a request.

`read` answers about requests, `documents` are the forms of its answers, `selection` is which images
a caller means and `cursors` where a list goes on. `outputs` are the files that people download,
`pictures` the stored ones, `publishing` hands out those on our own disk, `source_pictures` looks at
them at their sources, and `hosts` tells how each image host does.

Imports no other use case; `adapters`, `outbound`, `storage`, `db`, `samples`, `catalog`, `imaging`,
`domain`, `memory`.
"""
