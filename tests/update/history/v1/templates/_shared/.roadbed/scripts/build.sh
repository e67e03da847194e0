#!/bin/sh
# Managed by Roadbed. Build the image.
set -eu
image=${1:-service}
docker build --tag "$image" .
echo "built $image"
