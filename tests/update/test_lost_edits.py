"""`roadbed lost-edits`: what anybody's update lost, also before it is committed."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import copier
import pytest
import yaml

from roadbed.errors import Exit
from tests.cli.conftest import Ran, commit, git
from tests.update.history.releases import replace
from tests.update.naive.releases import NAMES, PICTURE
from tests.update.services import Nursery, copier_update, roadbed

ROOT = Path(__file__).parents[2]
ANSWERS, ACCEPTED = ".copier-answers.yml", ".roadbed-accepted.toml"
LOST = "call Ada"
Born = Callable[..., Path]


@pytest.fixture
def born(home: Path, naive: Path, nursery: Nursery, tmp_path: Path) -> Born:
    """Makes a service of the naive template at its first release, in a folder of that name."""
    assert home
    return lambda name="orders": nursery.born(naive, "v1.0.0", tmp_path / name, plan="service")


@pytest.fixture
def updated(born: Born) -> Path:
    """A service after a plain update that deleted the team's paragraph, not committed."""
    service = born()
    edit(service)
    update(service)
    return service


def edit(service: Path) -> None:
    """A paragraph in a file that the next release removes."""
    replace(service / "handbook.md", "Wake up.", f"Wake up, then {LOST}.")
    commit(service, "Edit")


def update(service: Path, **answers: object) -> None:
    """Plain `copier update`, in this process; it reads the git settings of who runs the tests."""
    copier.run_update(service, data=answers, defaults=True, overwrite=True, quiet=True, unsafe=True)


def audit(service: Path, *words: str) -> Ran:
    """Ask what was lost."""
    return roadbed("lost-edits", service, *words)


def lost(ran: Ran) -> dict[str, list[str] | str]:
    """What a report for machines names: lines, or what is gone as a whole, by path."""
    return {it["path"]: it["lines"] or it["description"] for it in json.loads(ran.out)["lost"]}


def test_everything_that_plain_copier_loses(born: Born, home: Path) -> None:
    """One update, nine of the ten cases: exit code 4, and every line of the team's is named.

    The tenth is a folder that git ignores: git never had it, so nobody can say what it held.
    """
    service = born()
    replace(service / "handbook.md", "Wake up.", "Wake up, then call Ada.")
    replace(service / "settings.toml", "port = 8000", "port = 8443")
    replace(service / "src/orders/orders.py", "return 100", "return 250")
    for picture in ("logo.png", "badge.png"):
        (service / picture).write_bytes(PICTURE + b"the team's own")
    (service / "names.txt").write_bytes(f"François\n{NAMES}".encode("latin-1"))
    replace(service / "handouts/guide.md", "For people", "For the people of Lund")
    (service / "server.py").write_text('"""A year of our code."""\n')
    replace(service / "notes.md", "First.\n", "First,  \nwith a break.\n")
    commit(service, "Edit everything")
    with (home / ".gitconfig").open("a") as config:
        config.write("[apply]\nwhitespace = fix\n")

    assert 0 == copier_update(service, "-d", "package=shop", "-d", "handouts=false").code
    ran = audit(service, "--json")

    assert Exit.LOST_EDITS == ran.code, ran.err
    expected = {
        "handbook.md": ["Wake up, then call Ada."],
        "settings.toml": ["port = 8443"],
        "src/orders/orders.py": ["    return 250 if kind in KINDS else 0"],
        "logo.png": "a binary file",
        "badge.png": "a binary file",
        "names.txt": ["Fran\\xe7ois"],
        "handouts/guide.md": ["For the people of Lund who use this service."],
        "server.py": ['"""A year of our code."""'],
        "notes.md": ["First,  "],
    }
    assert expected == lost(ran)


def test_nothing_is_lost(born: Born) -> None:
    """A clean update: what moved to another file, and what the release says now, is there."""
    service = born()
    replace(service / "notes.md", "First.", "First, and ours.")
    commit(service, "Edit")
    update(service)

    ran = audit(service)

    assert (Exit.FINE, "v1.0.0 → v2.0.0: no edits of the team are lost.\n") == (
        ran.code,
        ran.out,
    )


def test_no_update(born: Born) -> None:
    """Deleting one's own lines is no update, however much it deletes; nothing is rendered."""
    service = born()
    edit(service)
    (service / "handbook.md").unlink()

    ran = audit(service, "--json")

    assert Exit.FINE == ran.code
    assert (None, [], 0) == tuple(json.loads(ran.out)[key] for key in ("from", "lost", "exit_code"))
    assert "No update since HEAD, so there is nothing to compare.\n" == audit(service).out


def test_before_the_first_commit(born: Born) -> None:
    """A service that git does not have yet was never updated: its first commit passes a hook."""
    service = born()
    git(service, "rm", "--cached", "--quiet", ANSWERS)
    git(service, "commit", "--quiet", "-m", "Not yet")
    git(service, "add", ANSWERS)
    assert Exit.FINE == audit(service).code

    git(service, "checkout", "--quiet", "--orphan", "fresh")
    assert Exit.FINE == audit(service).code


def test_since_a_branch_began(updated: Path) -> None:
    """With --base, a branch is audited that has the update and other commits."""
    commit(updated, "Update")
    (updated / "later.md").write_text("Later.\n")
    commit(updated, "Go on")
    assert Exit.FINE == audit(updated).code

    ran = audit(updated, "--base", "HEAD~2")

    assert Exit.LOST_EDITS == ran.code
    assert f"Wake up, then {LOST}." in ran.out
    told = [line.strip().replace(f" {updated}", "") for line in ran.out.splitlines()[-2:]]
    restoring = "git -C restore --source 'HEAD~2' -- FILE"
    assert [restoring, "roadbed lost-edits --base 'HEAD~2' --accept FILE"] == told
    audit(updated, "--base", "nowhere").refused(Exit.USAGE, "'nowhere'", "--base")


def test_what_was_meant_to_go(updated: Path) -> None:
    """--accept keeps a loss on record, and the advice that names it can be typed."""
    restoring, words = (
        audit(updated).out.rstrip().replace("FILE", "handbook.md").rsplit("\n", 2)[1:]
    )

    accepted = roadbed(*words.split()[1:])

    assert Exit.FINE == accepted.code, accepted.err
    assert "  accepted: handbook.md: 1 line\n" in accepted.out
    assert (
        'path = "handbook.md"\nupdated_from = "v1.0.0"\ndescription = "1 line"'
        in (updated / ACCEPTED).read_text()
    )
    commit(updated, "Update")
    assert Exit.FINE == audit(updated, "--base", "HEAD~1").code
    git(updated, "reset", "--quiet", "--soft", "HEAD~1")
    subprocess.run(shlex.split(restoring), check=True)
    assert LOST in (updated / "handbook.md").read_text()


def test_only_what_was_accepted(updated: Path) -> None:
    """Another loss in the same file is not covered, and what lost nothing cannot be accepted."""
    audit(updated, "--accept", "handbook.md")
    git(updated, "checkout", "--quiet", "HEAD", "--", ".")
    replace(updated / "handbook.md", LOST, "call Grace")
    commit(updated, "Edit again")
    update(updated)

    assert Exit.LOST_EDITS == audit(updated).code
    audit(updated, "--accept", "notes.md").refused(Exit.USAGE, "notes.md", "handbook.md")
    (updated / ACCEPTED).write_text("[[accepted]]\n")
    audit(updated).refused(Exit.USAGE, ACCEPTED, "delete it")


def test_names_of_any_bytes(born: Born) -> None:
    """A file whose name is no UTF-8, and one with a picture in it, are named and accepted."""
    service = born()
    odd = Path(os.fsdecode(b"src/orders/fran\xe7ois.py"))
    (service / odd).write_text("OURS = 1\n")
    picture = ".roadbed/\N{GRINNING FACE}.toml"
    (service / picture).write_text("ours = 1\n")
    commit(service, "Write")
    assert Exit.FINE == roadbed("update", service, "--no-lock").code  # plain Copier cannot
    for path in (odd, Path(picture)):
        (service / path).unlink()

    ran = audit(service)
    accepted = audit(service, "--accept", str(odd), "--accept", picture)

    assert Exit.LOST_EDITS == ran.code
    assert f"  {picture}: 1 line\n" in ran.out
    assert "  src/orders/fran\udce7ois.py: 1 line\n" in ran.out
    assert Exit.FINE == accepted.code, accepted.err
    assert Exit.FINE == audit(service).code


def test_in_a_larger_repository(updated: Path, tmp_path: Path) -> None:
    """A service in a folder is audited there, and the advice can be typed where one stands."""
    root, service = tmp_path / "everything", tmp_path / "everything/services/orders"
    git(tmp_path, "clone", "--quiet", str(updated), str(service))
    shutil.rmtree(service / ".git")
    git(tmp_path, "init", "--quiet", "-b", "main", str(root))
    commit(root, "Begin")
    (service / "handbook.md").unlink()
    shutil.copytree(updated, service, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git"))

    ran = audit(service)
    words = ran.out.rstrip().rsplit("\n", 1)[1].replace("FILE", "handbook.md")

    assert Exit.LOST_EDITS == ran.code, ran.err
    assert f"  git -C {service} restore --source HEAD -- FILE\n" in ran.out
    assert Exit.FINE == roadbed(*words.split()[1:]).code
    assert f"?? services/orders/{ACCEPTED}" in git(root, "status", "--porcelain").splitlines()


@pytest.mark.parametrize("attributes", ["", "* text=auto\n"])
def test_line_ends_of_windows(born: Born, tmp_path: Path, attributes: str) -> None:
    """With core.autocrlf=true files lie here with other line ends, and none of that is a loss."""
    origin = born("origin")
    if attributes:
        (origin / ".gitattributes").write_text(attributes)
    edit(origin)
    service = tmp_path / "orders"
    git(tmp_path, "-c", "core.autocrlf=true", "clone", "--quiet", str(origin), str(service))
    git(service, "config", "core.autocrlf", "true")
    assert b"\r\n" in (service / "notes.md").read_bytes()

    update(service)
    ran = audit(service, "--json")

    assert {"handbook.md": [f"Wake up, then {LOST}."]} == lost(ran), ran.err


def test_another_template(home: Path, tmp_path: Path) -> None:
    """A template that is not Roadbed's: no plan, no manifest, and tasks, which are not run."""
    assert home
    template, ran_tasks = tmp_path / "template", tmp_path / "tasks"
    template.mkdir()
    (template / "copier.yml").write_text(
        f"name: {{default: Orders}}\n_tasks: ['date >> {ran_tasks}']\n"
    )
    (template / "{{ _copier_conf.answers_file }}.jinja").write_text("{{ _copier_answers|to_yaml }}")
    (template / "guide.md.jinja").write_text("# {{ name }}\n\nWake up.\n")
    git(tmp_path, "init", "--quiet", "-b", "main", str(template))
    commit(template, "First")
    git(template, "tag", "v1")
    service = tmp_path / "orders"
    copier.run_copy(str(template), service, defaults=True, quiet=True, unsafe=True)
    git(tmp_path, "init", "--quiet", "-b", "main", str(service))
    commit(service, "Start")
    replace(service / "guide.md", "Wake up.", f"Wake up, then {LOST}.")
    commit(service, "Edit")
    (template / "guide.md.jinja").unlink()
    commit(template, "Second")
    git(template, "tag", "v2")
    update(service)
    times = ran_tasks.read_text()

    ran = audit(service, "--json")

    assert (Exit.LOST_EDITS, {"guide.md": [f"Wake up, then {LOST}."]}) == (ran.code, lost(ran))
    assert times == ran_tasks.read_text()


def test_the_hook_stops_the_commit(updated: Path) -> None:
    """The hook that other repositories name: the update is not committed before it is accepted.

    It runs with `language: system`, as installing Roadbed into an environment of pre-commit's
    takes half a minute; all else is as .pre-commit-hooks.yaml says.
    """
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert {"python"} == {hook["language"] for hook in hooks}
    local = {"repo": "local", "hooks": [{**hook, "language": "system"} for hook in hooks]}
    (updated / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [local]}))
    tools = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    def typed(command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            shlex.split(command),
            cwd=updated,
            env=tools,
            check=False,
            capture_output=True,
            text=True,
        )

    head = git(updated, "rev-parse", "HEAD")
    assert 0 == typed("pre-commit install").returncode
    assert 0 == typed("git add -A").returncode
    stopped = typed("git commit -m Update")
    assert (1, head) == (stopped.returncode, git(updated, "rev-parse", "HEAD"))
    assert f"Wake up, then {LOST}." in stopped.stderr + stopped.stdout

    assert 0 == typed("roadbed lost-edits --accept handbook.md").returncode
    assert 0 == typed("git add -A").returncode
    passed = typed("git commit -m Update")
    assert (0, "Update") == (passed.returncode, git(updated, "log", "-1", "--format=%s"))
