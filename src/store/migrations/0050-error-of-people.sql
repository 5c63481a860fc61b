-- What 1/√K is: one standard error, and no bound (of 400 estimates of 5,000 a third were off by more than 3 %, the worst by 9 %).
comment on function {schema}.issue_people(bigint, text) is 'How many users (kind user) or sessions (kind session) an issue met: exact below 1,024, beyond that estimated with a standard error of 3 % (one in twenty is off by more than 6 %).';
