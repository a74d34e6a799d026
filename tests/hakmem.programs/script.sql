-- SPDX-License-Identifier: MIT
-- script.sql - tables, indexes, joins, aggregates and a vacuum; answers go to two files (test).
pragma journal_mode = wal;
pragma cache_size = 500;
create table person(id integer primary key, name text, town integer, note blob);
create table town(id integer primary key, name text unique, size integer);
with recursive n(i) as (select 0 union all select i + 1 from n where i < 499)
    insert into town select i, 'town ' || i, i * 7919 % 10007 from n;
with recursive n(i) as (select 0 union all select i + 1 from n where i < 99999)
    insert into person select i, printf('%05x %s', i * 69069 % 1048573, hex(i)), i * 31 % 500,
        zeroblob(i * 13 % 300) from n;
create index person_name on person(name);
create index person_town on person(town, name);
analyze;
delete from person where id % 7 = 3;
update person set name = name || ' moved', town = (town + 1) % 500 where id % 11 = 4;
.mode csv
.output joined.txt
select t.name, p.name, length(p.note) from person p join town t on t.id = p.town
    where t.size % 3 = 1 order by p.name, t.name limit 20000;
.output totals.txt
select t.name, count(*), min(p.name), max(p.name), sum(length(p.note)), group_concat(p.id % 10, '')
    from town t left join person p on p.town = t.id group by t.id order by t.size, t.id;
select town, id, sum(length(note)) over (partition by town order by id rows 20 preceding)
    from person where town < 40 order by town, id;
with recursive fib(n, a, b) as (select 1, 0, 1 union all select n + 1, b, a + b from fib where n < 80)
    select n, a from fib;
select json_group_array(json_object('id', id, 'name', name)) from (select * from town order by id limit 200);
.output
begin;
create temp table scratch as select substr(name, 1, 3) as head, count(*) as n from person group by 1;
select count(*), sum(n), max(n) from scratch;
rollback;
vacuum;
pragma integrity_check;
select count(*), sum(length(name)) from person;
