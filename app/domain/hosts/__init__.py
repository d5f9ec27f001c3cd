"""Image hosts: how often one may be asked, as a value that all workers share; imports `retry`.

`exchange` is what workers and the database tell each other, `control` takes it in and grants
permits, `pace` finds the rate from what was `delivered`, `give_up` says when nobody waits any
longer, and `rules` are what the operator says of single hosts.
"""
