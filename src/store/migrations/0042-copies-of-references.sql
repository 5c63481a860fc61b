-- Rows that refer to rows of their own table can be copied in any order: copySchema() defers these two to its commit.

alter table {schema}.issues alter constraint issues_merged_into_fkey deferrable;
alter table {schema}.issue_history alter constraint issue_history_undone_by_fkey deferrable;
