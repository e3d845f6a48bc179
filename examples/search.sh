#!/bin/sh
# Upload, search, page through, delete with curl: sh examples/search.sh URL PHOTO
# PIVOT_KEY holds the key, where the service asks for one.
set -eu
url=$1
photo=$2
collection=$url/v1/collections/curl-example

# The answer, whatever its status; with 22 as the exit code where it is a problem document.
ask() {
    curl --silent --show-error --fail-with-body ${PIVOT_KEY:+--header "Authorization: Bearer $PIVOT_KEY"} "$@"
    echo
}

ask "$url/v1/collections" --json '{"name": "curl-example"}' || true # it may be there from the last time

# The same key with the same form again gives the same answer: a lost one can be asked for again.
ask "$collection/images" --header "Idempotency-Key: upload-$$-$(date +%s)" \
    --form "files=@$photo" \
    --form 'metadata={"album": "example"}' \
    --form 'captions=[{"language": "en", "text": "a photo"}]' \
    --form 'external_ids=["photo-0"]'

ask "$collection/search" \
    --json '{"q": "rot", "language": "de", "k": 5, "filter": {"metadata": "album", "eq": "example"}}'

# A page of images; `next_cursor` in the answer is the `cursor` of the next one.
ask --get "$collection/images" --data-urlencode 'limit=2'

ask "$collection/images/delete" --json '{"external_ids": ["photo-0"]}'
