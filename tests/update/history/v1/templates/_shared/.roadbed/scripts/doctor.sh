#!/bin/sh
# Managed by Roadbed. Whether this machine has what a service needs.
set -eu
command -v git
command -v uv
echo "all there"
