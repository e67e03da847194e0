# The chores of this repository; CI and the README run these.

# Show the recipes
[default]
help:
    @just --list --unsorted

# Run every suite (python3 bootstrap.py test does the set-up first)
test *ARGS:
    python3 bootstrap.py test {{ ARGS }}

# Check format, rules, types and the layers of the CLI, the tests and the chassis
lint:
    uv run ruff format --check .
    uv run ruff check .
    uv run mypy
    uv run lint-imports
    uv run ruff format --check --config templates/_shared/.roadbed/ruff.toml chassis devissuer tests/chassis templates
    uv run ruff check --config ruff-chassis.toml chassis devissuer tests/chassis

# Format everything
fmt:
    uv run ruff format .
    uv run ruff check --fix .
    uv run ruff format --config templates/_shared/.roadbed/ruff.toml chassis devissuer tests/chassis templates

# Kill servers and workers while they deliver: just faults 5000
faults EVENTS="5000":
    FAULT_EVENTS={{ EVENTS }} uv run pytest tests/generated/test_faults.py \
        -k "killed and fastapi-service" --log-cli-level INFO

# Write the list of managed files of each plan; after any change to one of them
manifest:
    uv run python -m roadbed.template.build_manifest --write

# Write CHANGELOG.md from the notes in releases/; after any change to one of them
changelog:
    uv run python -m roadbed.releases.changelog --write

# Render every plan, and update what older releases rendered; a release needs it green
matrix:
    uv run pytest tests/update tests/templates -q

# Cut a release of this checkout: just release 1.2.0 --dry-run, just release 1.2.0
release VERSION *ARGS:
    uv run python -m roadbed.releases.release {{ VERSION }} {{ ARGS }}

# See a plan run
demo *ARGS:
    uv run roadbed demo {{ ARGS }}

# Measure what the standards cost and write docs/performance.md (needs wrk): just bench --rounds 9
bench *ARGS:
    uv run python -m bench {{ ARGS }}

# Measure names, prose, sizes and import cycles of our own code: just figures --json
figures *ARGS:
    uv run python -m bench.code_figures {{ ARGS }}
