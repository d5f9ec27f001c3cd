"""How a child process that reads hostile files is started and shut in; imports nothing of ours.

`start` is the service's side, `limits` what the child does before it reads anything.
"""
