#!/usr/bin/env bash
# Installs what `npm run test:engines` needs besides Node: a Java runtime and Maven, which fetches Kafka and Cassandra, and
# Python, which fetches the S3 server. PostgreSQL is Debian's where it is installed, else the packaged one.
set -euo pipefail
if ! command -v java >/dev/null 2>&1 || ! command -v mvn >/dev/null 2>&1 || ! python3 -c 'import ensurepip' 2>/dev/null; then
  if ! command -v apt-get >/dev/null 2>&1; then
    echo 'Install a Java runtime (17 or newer), Maven and Python 3 with venv, put java, mvn and python3 on PATH, then run this again.' >&2
    exit 1
  fi
  as_root=""; [ "$(id -u)" = 0 ] || as_root="sudo"
  $as_root apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends default-jre-headless maven python3 python3-venv >/dev/null
fi
java -version 2>&1 | sed -n 1p
mvn --version -B 2>&1 | sed -n 1p
