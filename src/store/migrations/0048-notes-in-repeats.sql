-- The ledger needs one more thing of rows that came again: which had become part of others with parts of their own.

comment on table {schema}.repeats is 'Rows that were accepted once more while they were stored already, by the request that brought them: so that each counts as merged once in the ledger. With -1 in place of a request: rows that became part of others, whose own parts are counted.';
