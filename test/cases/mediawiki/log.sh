#!/bin/sh
# log.sh: the page Log in the database: its versions, the lines of the latest one, and `whole` if
# the latest one is the last one and as long as the page says.
set -eu
mariadb --skip-column-names wiki -e "
  SELECT (SELECT COUNT(*) FROM revision WHERE rev_page = page_id) AS versions,
    (LENGTH(old_text) - LENGTH(REPLACE(old_text, 'One more line.', ''))) DIV 14,
    IF(page_latest = (SELECT MAX(rev_id) FROM revision WHERE rev_page = page_id)
      AND page_len = LENGTH(old_text), 'whole', 'torn')
  FROM page JOIN slots ON slot_revision_id = page_latest
    JOIN content ON content_id = slot_content_id
    JOIN text ON old_id = SUBSTR(content_address, 4)
  WHERE page_namespace = 0 AND page_title = 'Log'"
