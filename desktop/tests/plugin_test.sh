#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# One plug-in in its host's library:  plugin_test.sh gdk-pixbuf|qt PROGRAM PLUGIN FLOWZIP SOURCE
set -euo pipefail
kind=$1 program=$2 plugin=$3 flowzip=$4 source=$5
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
. "$source/desktop/tests/files.sh"
make_list "$flowzip" "$source"
case $kind in
  gdk-pixbuf)
    query=$(find /usr/lib -name gdk-pixbuf-query-loaders | head -1)
    "$query" "$plugin" >loaders.cache
    grep -q image/x-flowzip loaders.cache || { echo "not taken as a loader"; exit 1; }
    # gdk-pixbuf asks for a file's MIME type first.
    mkdir -p share/mime/packages
    cp "$source/share/flowzip.xml" share/mime/packages/
    update-mime-database share/mime
    export XDG_DATA_DIRS=$folder/share:/usr/local/share:/usr/share
    GDK_PIXBUF_MODULE_FILE=$folder/loaders.cache "$program" list ;;
  qt)
    QT_QPA_PLATFORM=offscreen QT_PLUGIN_PATH=$(dirname "$(dirname "$plugin")") "$program" list ;;
esac
