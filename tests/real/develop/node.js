#!/usr/bin/node
// node: files, processes, timers, workers, streams, pipes, signals, zlib, crypto, child IPC, cluster without a network.
const fs = require('fs');
const os = require('os');
const path = require('path');
const cp = require('child_process');
const zlib = require('zlib');
const crypto = require('crypto');
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const net = require('net');
const { pipeline } = require('stream/promises');
const { setTimeout: sleep } = require('timers/promises');
const events = require('events');
const util = require('util');

const log = (...values) => console.log(...values);
const codeOf = promise => promise.then(() => 'no error', error => error.code);

// What other threads of workers() do, and the child of processes().
function worker() {
  if (workerData.shared)
    Atomics.add(new Int32Array(workerData.shared), 0, 5);
  parentPort.postMessage(workerData.x * 2);
}

function child() {
  process.on('message', message => {
    process.send({ echo: message });
    process.disconnect();
  });
}

function system() {
  log(process.platform, process.arch, process.argv.length, process.cwd(), os.type(), os.hostname(), os.endianness(),
    process.getuid(), os.cpus().length > 0, os.totalmem() > os.freemem(), os.userInfo().username,
    process.memoryUsage().rss > 1e6, os.uptime() > 0);
}

function files() {
  fs.writeFileSync('f', 'hello');
  fs.appendFileSync('f', ' world');
  log(fs.readFileSync('f', 'utf8'), fs.statSync('f').size, fs.existsSync('g'));

  // Folders and links.
  fs.mkdirSync('a/b/c', { recursive: true });
  fs.symlinkSync('f', 'l');
  fs.linkSync('f', 'h');
  log(fs.readlinkSync('l'), fs.realpathSync('l'), fs.readdirSync('.').sort(), fs.lstatSync('l').isSymbolicLink());
  fs.renameSync('h', 'a/h');

  // Length, mode and times of a copy.
  fs.copyFileSync('f', 'copy');
  fs.truncateSync('copy', 3);
  fs.chmodSync('copy', 0o600);
  fs.utimesSync('copy', 1, 2);
  log(fs.statSync('copy').mtimeMs, (fs.statSync('copy').mode & 0o777).toString(8));
  fs.rmSync('a', { recursive: true });
}

// Files again, by the threads that node waits with: errors, eight at once, streams.
async function promises() {
  log(await codeOf(fs.promises.readFile('nothere')), await codeOf(fs.promises.mkdir('/proc/x')),
    await codeOf(fs.promises.rmdir('f')), await codeOf(fs.promises.readdir('f')),
    await codeOf(fs.promises.writeFile('/', 'x')));
  const lengths = [1, 2, 3, 4, 5, 6, 7, 8].map(async i => {
    await fs.promises.writeFile('p' + i, 'x'.repeat(i * 1000));
    return (await fs.promises.readFile('p' + i)).length;
  });
  log((await Promise.all(lengths)).join());
  await pipeline(fs.createReadStream('p8'), zlib.createGzip(), fs.createWriteStream('gz'));
  log(zlib.gunzipSync(fs.readFileSync('gz')).length,
    zlib.brotliDecompressSync(zlib.brotliCompressSync('brotli')).toString());
}

async function processes() {
  // Waited for.
  log(cp.execSync('echo sync; cat', { input: 'in' }).toString(), cp.spawnSync('sh', ['-c', 'exit 3']).status,
    cp.spawnSync('sh', ['-c', 'kill -9 $$']).signal, cp.spawnSync('nosuch').error.code);

  // Heard of by events.
  const cat = cp.spawn('cat');
  const closed = events.once(cat, 'close');
  cat.stdin.end('through cat');
  let out = '';
  for await (const data of cat.stdout)
    out += data;
  log(out, (await closed)[0]);
  const killed = cp.spawn('sleep', ['90']);
  killed.kill();
  log((await events.once(killed, 'exit'))[1]);
  log((await util.promisify(cp.exec)('echo out; echo err >&2')).stderr);

  // Another node, with messages.
  const forked = cp.fork(__filename, ['child']);
  const [message, exit] = ['message', 'exit'].map(name => events.once(forked, name));
  forked.send({ n: 1 });
  log((await message)[0], (await exit)[0]);
}

async function workers() {
  const shared = new SharedArrayBuffer(4);
  const three = [1, 2, 3].map(x => new Worker(__filename, { workerData: { x, shared } }));
  const answers = three.map(async one => {
    const [message, exit] = ['message', 'exit'].map(name => events.once(one, name));
    await exit;
    return (await message)[0];
  });
  log((await Promise.all(answers)).join(), new Int32Array(shared)[0]);
}

async function sockets() {
  const server = net.createServer(socket => socket.on('data', data => socket.end(data.toString().toUpperCase())));
  server.listen(path.resolve('sock'));
  await events.once(server, 'listening');
  const client = net.connect(path.resolve('sock'));
  client.write('over a socket');
  let out = '';
  for await (const data of client)
    out += data;
  log(out);
  server.close();
}

async function timers() {
  process.once('SIGUSR2', () => log('signal'));
  process.kill(process.pid, 'SIGUSR2');
  await sleep(500);

  // Time passes, and does so again and again.
  const start = process.hrtime.bigint();
  await sleep(20);
  log(process.hrtime.bigint() - start >= 19000000n);
  let count = 0;
  const interval = setInterval(() => count++, 5);
  await sleep(100);
  clearInterval(interval);
  log(count > 2);

  // What comes first.
  setImmediate(() => log('immediate'));
  process.nextTick(() => log('tick'));
  await sleep(1);
}

async function sums() {
  log(crypto.createHash('sha256').update('x').digest('hex').slice(0, 16), crypto.randomBytes(8).length,
    await util.promisify(crypto.pbkdf2)('p', 's', 1000, 8, 'sha1').then(key => key.toString('hex')),
    crypto.createHmac('md5', 'k').update('d').digest('hex'));
}

async function watching() {
  const watcher = fs.watch('.');
  const changed = events.once(watcher, 'change');
  await sleep(20);
  fs.writeFileSync('watched', '');
  log((await changed));
  watcher.close();
}

function language() {
  log(JSON.stringify({ a: [1, { b: null }] }), 'ü'.normalize('NFD').length,
    new Intl.NumberFormat('en').format(1234567.891), /(?<y>\d+)/u.exec('in 2000').groups.y, [3, 1, 2].sort().join(),
    new Date(0).toISOString(), BigInt(2) ** 70n);

  // Work, memory, code that is compiled.
  let sum = 0;
  for (let j = 0; j < 5e6; j++)
    sum = (sum + j * j) % 1000003;
  log(sum);
  const big = [];
  for (let j = 0; j < 200000; j++)
    big.push({ j });
  log(big.length, WebAssembly.validate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])));

  // An exception.
  try {
    fs.openSync('x', 'wx');
    fs.openSync('x', 'wx');
  } catch (error) {
    log(error.message);
  }
}

async function main() {
  system();
  files();
  await promises();
  await processes();
  await workers();
  await sockets();
  await timers();
  await sums();
  await watching();
  language();
  process.on('exit', status => log('exit', status));
  process.exitCode = 4;
}

if (!isMainThread)
  worker();
else if (process.argv[2] === 'child')
  child();
else
  main();
