-- rollup: account_senders
-- title: Whose customers the accounts are
-- title.ko: 계정의 송신자
-- needs: account_ids
-- grain: one account
-- range: account_key
--
-- The sender of each account, without what the sender calls it: whoever counts the accounts of senders reads little, and no identifiers.
SELECT account_key, sender
FROM account_ids
ORDER BY account_key
