import { spawn } from 'node:child_process';
import type { Box } from '../transaction/sandbox.ts';
import { countingWriter, type Bench, type Site, type Writer } from './bench.ts';
import type { MariadbServer } from './mariadb-server.ts';

let counter = 0;

/** Tables of every sort, and what is easily lost on the way through a dump or a rename. */
const content = `
create table account (id int auto_increment primary key, name varchar(50) not null,
  balance decimal(10,2) not null default 0, twice decimal(11,2) as (balance * 2) stored,
  shout varchar(60) as (concat(name, '!')) virtual, hidden int invisible default 7,
  check (balance > -1000), unique key by_name (name), key (balance, name(10)))
  comment = 'it''s "an" account';
create table movement (id bigint auto_increment primary key, account_id int not null,
  amount decimal(10,2), at timestamp(6) not null default current_timestamp(6), raw varbinary(30),
  j json, f float, d double, b bit(5), e enum('a', 'b''c'), story text, key (account_id, amount),
  fulltext key words (story), constraint of_account foreign key (account_id)
  references account (id) on delete cascade);
create table parent_by_name (n int auto_increment, other int not null, key (n),
  name varchar(50), constraint named foreign key (name) references account (name));
create table \`odd \`\`name\` (\`key col\` varchar(20) character set latin1, \`b\\\\s\` text,
  key (\`key col\`(5)));
create table history (id int primary key, v int) with system versioning;
create table twice (a int, b varchar(10));
create table loose (n int) engine = MyISAM;
create table spread (n int primary key, t varchar(10)) partition by hash (n) partitions 3;
create sequence numbers start with 100 increment by 5;
create table audit (n bigint);
create table unit_a (n int primary key);
create table unit_b (n int primary key);
delimiter //
create trigger movement_ai after insert on movement for each row
begin insert into audit values (new.id); end//
create trigger movement_bi before insert on movement for each row set new.amount = new.amount + 0//
create procedure total(in x int) comment 'a procedure; with a semicolon'
begin select sum(amount) from movement where account_id = x; end//
create function next_of(x int) returns int deterministic return x + 1//
delimiter ;
create view named as select id, name from account;
create definer = 'ghost'@'%' view both_of_them as select named.id, next_of(named.id) as following
  from named join movement on movement.account_id = named.id;
create event tick on schedule every 1 day starts '2037-01-01 00:00:00' enable
  do insert into audit values (-1);
insert into account (name, balance) select concat('name ', seq), seq from seq_1_to_200;
insert into movement (account_id, amount, raw, j, f, d, b, e, story) values
  (1, 5, x'00ff27', '{"a":1}', 1.1, 2.2, b'101', 'b''c', 'once upon a time'),
  (2, 6, null, null, null, null, null, null, null);
insert into movement (account_id, amount) select seq, seq from seq_1_to_150;
insert into parent_by_name (other, name) values (1, 'name 7');
insert into \`odd \`\`name\` values ('ü', 'x\\ty\\nz\\\\'), ('', null);
insert into history values (1, 1); update history set v = 2; insert into history values (2, 2);
delete from history where id = 1;
insert into twice values (1, 'same'), (1, 'same'), (null, null), (1, 'same');
insert into spread select seq, seq from seq_1_to_50;
do nextval(numbers);
`;

export class MysqlSite implements Site {
  readonly spec: string;
  readonly name: string;
  private readonly server: MariadbServer;
  private readonly loose: boolean;

  constructor(server: MariadbServer, name: string, loose: boolean) {
    this.server = server;
    this.name = name;
    this.loose = loose;
    this.spec = server.spec(name);
  }

  fill(): void {
    this.server.sql('', `create database if not exists \`${this.name}\`
character set utf8mb4 collate utf8mb4_unicode_ci`);
    this.server.sql(this.name, this.loose ? content
      : content.replace('engine = MyISAM', 'engine = InnoDB'));
  }

  read(): string { return this.readOf(this.name); }

  private readOf(name: string): string {
    if (!this.server.databases().includes(name)) return '';
    return [this.server.sql(name, 'select @@character_set_database, @@collation_database'),
      this.server.dump(name)].join('\n');
  }

  spoil(): void {
    this.server.sql(this.name, `update account set name = concat(name, '!') where id < 7;
delete from twice limit 1; alter table movement drop column amount, drop index words;
drop trigger movement_ai; drop trigger movement_bi; drop view both_of_them;
drop function next_of; drop event tick;
alter table parent_by_name drop foreign key named; rename table audit to audits;
create table if not exists new_one (a int); insert into new_one values (1);
create trigger new_one_bi before insert on new_one for each row set new.a = 1;
create view of_new as select a from new_one;
alter database character set latin1 collate latin1_swedish_ci;`);
  }

  startWriting(): Writer {
    const loop = spawn('sh', ['-c', `n=0; while :; do n=$((n + 1)); echo "begin;
insert into unit_a values ($n); insert into unit_b values ($n);
insert into account (name) values ('w$n'); commit; select $n;"; sleep 0.02; done |
mariadb --defaults-file='${this.server.options}' --batch --skip-column-names --unbuffered \
'${this.name}'`], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const writer = countingWriter(loop);
    return {
      reached: writer.reached,
      stop: async () => {
        // The last one may be in flight: it is told or it is not, and then asked for.
        process.kill(-(loop.pid ?? 0), 'SIGTERM');
        await writer.ended();
        await this.alone();
        return this.units();
      },
    };
  }

  /** A session whose client is gone ends a moment later. */
  private async alone(): Promise<void> {
    const others = `select count(*) from information_schema.processlist where db = '${this.name}'`;
    for (let tries = 0; this.server.sql('', others) !== '0'; tries += 1) {
      if (tries > 100) throw new Error('a session does not end');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  units(): number {
    const [a, b] = ['unit_a', 'unit_b'].map((it) =>
      this.server.sql(this.name, `select ifnull(max(n), 0), count(*) from ${it}`).split('\t'));
    if (a === undefined || String(a) !== String(b) || a[0] !== a[1]) {
      throw new Error(`torn: ${String(a)} and ${String(b)}`);
    }
    return Number(a[0]);
  }

  aside(): string { return this.readOf(`${this.name}_seatrial_before`); }

  close(): void {
    for (const name of this.server.databases().filter((it) => it.startsWith(this.name))) {
      this.server.sql('', `drop database \`${name}\``);
    }
  }
}

export function mysqlBench(
  server: () => MariadbServer, how: { readonly loose?: boolean } = {},
): Bench {
  return {
    kind: 'mysql',
    dropsPlaces: true,
    copiesLive: true,
    programs: ['mariadb', 'mariadb-dump'],
    site: (_box: Box, role) => {
      counter += 1;
      return new MysqlSite(server(), `${role}-${counter}x`, how.loose === true);
    },
  };
}
