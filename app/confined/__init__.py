"""How a child process that reads hostile files is started and shut in; imports nothing of ours.

`start` is the service's side. The child's: `limits` bounds memory, processor and files, and
`sandbox` takes away what no decoder needs, by `seccomp` with the lists in `calls`, and by
`landlock`; both ask the `kernel`.
"""
