-- table: recipients_by_sender
-- title: Recipients abroad by sender and country
-- title.ko: 송신자·국가별 국외 수신자 수
-- unit: recipients
-- needs: flows
-- rule: Personal Information Protection Act, Art. 28-8
--
-- How many recipients in each country other than the home country of the case got at least one record of a sender. A recipient
-- is a name in a country, counted once for a sender, whatever the number of sources. Who is not named is no recipient.
WITH named AS (
    SELECT sender, country, recipient
    FROM flows
    WHERE abroad AND recipient IS NOT NULL
    GROUP BY sender, country, recipient
)
SELECT sender, country, CAST(count(*) AS BIGINT) AS recipients
FROM named
GROUP BY sender, country
ORDER BY sender, country
