-- figure: recipients_abroad
-- title: Recipients abroad
-- title.ko: 국외 수신자 수
-- unit: recipients and countries
-- needs: flows
-- rule: Personal Information Protection Act, Art. 28-8
--
-- How many recipients in countries other than the home country of the case got at least one record, and in how many countries
-- they are. A recipient is a name in a country, counted once, whatever the number of senders and sources. Who is not named is
-- no recipient; where the country is not stated nobody is abroad.
WITH named AS (
    SELECT recipient, country FROM flows WHERE abroad AND recipient IS NOT NULL GROUP BY recipient, country
)
SELECT CAST(count(*) AS BIGINT) AS recipients, CAST(count(DISTINCT country) AS BIGINT) AS countries
FROM named
