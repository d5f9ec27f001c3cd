"""`python -m app adopt-store` and `remove-orphans`: the operator's word about what is unknown."""

from app.adapters import Adapters
from app.cli.adapters import command_settings, opened_adapters
from app.cli.console.failures import UnusableInput
from app.cli.console.terminal import ALL_DONE, count, out, shown
from app.upkeep import orphans_by_hand, store_owner
from app.upkeep.orphans_by_hand import StoreFacts


def adopt_store(*, yes: bool) -> int:
    """Say whose the store is, and with `yes` make it this database's own; the exit code.

    Raises:
        SettingsError, DatabaseUnavailable, StoreError: see `python -m app migrate`.
    """
    with opened_adapters(command_settings()) as adapters:
        _print_facts(adapters, orphans_by_hand.look(adapters))
        if not yes:
            out.print("Nothing was changed. With --yes the store becomes this database's own.")
            return ALL_DONE
        installation = store_owner.adopt(adapters)
    out.print(f"The store belongs to this database now, under the id {installation}.")
    out.print("Nothing that is in it was changed, and nothing of it is removed without your word.")
    return ALL_DONE


def remove_orphans(*, yes: bool) -> int:
    """Say what is unknown to this database, and with `yes` remove it; the exit code.

    Raises:
        UnusableInput: the store is not this database's own.
        SettingsError, DatabaseUnavailable, StoreError: see `python -m app migrate`.
    """
    with opened_adapters(command_settings()) as adapters:
        facts = orphans_by_hand.look(adapters)
        _print_facts(adapters, facts)
        if not facts.ours:
            raise UnusableInput(
                "The store does not belong to this database: nothing was removed. See python -m "
                "app adopt-store."
            )
        if not yes:
            out.print("Nothing was removed. With --yes all that is unknown goes, for good.")
            return ALL_DONE
        removed = orphans_by_hand.remove_all_unknown(adapters)
    out.print(f"Removed the files of {count(removed, 'request')}.")
    return ALL_DONE


def _print_facts(adapters: Adapters, facts: StoreFacts) -> None:
    # The address without its password.
    where = adapters.database.engine.url.render_as_string(hide_password=True)
    out.print(f"Database: {where}, installation {facts.installation}")
    out.print(f"Store: {shown(adapters.store)}")
    if facts.note is None:
        out.print("The store does not say whose it is.")
    elif facts.ours:
        out.print("The store belongs to this database.")
    else:
        out.print(f"The store belongs to installation {shown(facts.note.installation) or '?'}.")
    if facts.shared:
        out.print("Two databases were seen at work on it.")
    out.print(f"It has {count(facts.known, 'folder')} of requests that this database knows,")
    out.print(f"and {count(facts.unknown, 'folder')}, a day old or more, that it does not know.")
