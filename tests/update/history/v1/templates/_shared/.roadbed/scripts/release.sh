#!/bin/sh
# Managed by Roadbed. Tag what main holds.
set -eu
version=${1:?which version}
git tag "v$version"
git push origin "v$version"
echo "released $version"
