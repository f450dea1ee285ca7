create table guest (id int primary key, name text not null, mail text not null);
create table visit (id int primary key, guest int not null references guest, day date not null,
  amount int not null, origin text);
create index visit_guest on visit (guest);
insert into guest select i, 'guest ' || i, 'guest' || i || '@production.example'
from generate_series(1, 2000) i;
insert into visit select i, 1 + i % 2000, date '2020-01-01' + i % 2000, i % 500 * 100, 'door ' || i % 7
from generate_series(1, 150000) i;
