/**
 * Installs one version of the SDK beside the adapter: node build.mjs VERSION, run in the folder to build in.
 *
 * Versions with a folder below versions/ come with a lock file, others are resolved when they are installed. Where the
 * SDK asks for a newer Node.js than this machine's, the one of the version's optional dependencies is installed, too;
 * runtime/node is the one to start the adapter with.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';

const version = process.argv[2];
const locked = `versions/${version}`;
const IDENTITY = '4.13.1';

function npm(...args) {
  execFileSync('npm', [...args, '--no-audit', '--no-fund', '--ignore-scripts'], { stdio: 'inherit' });
}

function major(range) {
  return Number(/\d+/.exec(range ?? '')?.[0] ?? 0);
}

function json(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

if (existsSync(locked)) {
  copyFileSync(`${locked}/package.json`, 'package.json');
  copyFileSync(`${locked}/package-lock.json`, 'package-lock.json');
  const needsNewer = major(json('package.json').engines?.node) > major(process.versions.node);
  npm('ci', ...(needsNewer ? [] : ['--omit=optional']));
} else {
  const dependencies = { openai: version, '@azure/identity': IDENTITY };
  writeFileSync('package.json', JSON.stringify({ private: true, type: 'module', dependencies }));
  npm('install');
}

const brought = readdirSync('node_modules').find((name) => /^node-\w+-\w+$/.test(name));
mkdirSync('runtime', { recursive: true });
symlinkSync(brought ? `../node_modules/${brought}/bin/node` : process.execPath, 'runtime/node');
const wanted = json('node_modules/openai/package.json').engines?.node;
if (!brought && major(wanted) > major(process.versions.node)) {
  console.error(`openai ${version} asks for Node.js ${wanted}, this is ${process.versions.node}`);
}
