"""Every byte that is sent to an address which a user typed: images and webhooks.

`guard` and `addresses` say which addresses are allowed, `resolver` and `client` hold connections to
that, `fetch` and `webhook` are what is asked for. Imports `domain`.
"""
