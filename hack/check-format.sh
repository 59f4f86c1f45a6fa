#!/usr/bin/env bash
# Formatting and documentation rules of .swift-format, for everything but generated code.
. "$(dirname "$0")/lib.sh"
git ls-files -z --cached --others --exclude-standard 'Sources/*.swift' 'Tests/*.swift' 'hack/*.swift' Package.swift |
    grep -zv '/Generated/' | xargs -0 swift format lint --strict
