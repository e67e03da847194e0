"""The verb `adopt`: work it out, write it unless it is only a plan, and say what remains."""

from roadbed import terminal as output
from roadbed.update import adopt, adopt_report
from roadbed.update import apply as writing
from roadbed.update import references as beside
from roadbed.update.adopt import Order


def run(order: Order, *, plan: bool) -> None:
    """Adopt a repository, or with `plan` say what that would do."""
    with adopt.prepared(order) as (adoption, store):
        saved = [] if plan else writing.write(adoption.found, adoption.draft, store)
    compare = [] if plan else beside.keep(adoption.beside, adoption.found)
    output.lines(adopt_report.as_text(adoption, compare, written=not plan))
    for place in saved:
        output.note(f"{place} was edited meanwhile, and saved as it was.")
