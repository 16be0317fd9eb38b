/** Which way imports go: down the table below, never up, never in a circle. `npm run depcheck` */
'use strict';

/** Top to bottom. A module may import from its own folder and from the layers below its own. */
const LAYERS = [
  ['index'],
  ['endpoints'],
  ['platform'],
  ['worker', 'sweeper'],
  ['upload', 'transcription'],
  ['completion'],
  ['http', 'storage', 'conversations', 'events'],
  ['jobs', 'usage'],
  ['audio'],
  [
    'config',
    'intSetting',
    'usageLimits',
    'secrets',
    'errors',
    'logger',
    'logEvents',
    'modelFiles',
    'lazily',
    'limited',
    'requirements',
    'declareRequirements',
    'validation',
    'threads',
  ],
];

/** The same of the console. */
const CONSOLE_LAYERS = [
  ['main', 'app'],
  ['screens'],
  ['ui'],
  ['sync', 'record'],
  ['session', 'router', 'places'],
  ['firebase'],
  ['domain', 'data'],
  ['env', 'nextTask', 'randomId'],
  ['workers', 'styles'],
];

const SRC = '^functions/src/';
const CONSOLE = '^web/src/';
const inLayers = (root, layers) => `${root}(${layers.flat().join('|')})(/|\\.tsx?$)`;

/** One rule for each layer but the top one. */
const downOnly = (root, layers) =>
  layers.slice(1).map((layer, index) => ({
    name: `${layer.join('-')}-imports-down`,
    comment: `${layer.join(', ')} must not import from ${layers
      .slice(0, index + 1)
      .flat()
      .join(', ')}.`,
    severity: 'error',
    from: { path: inLayers(root, [layer]) },
    to: { path: inLayers(root, layers.slice(0, index + 1)) },
  }));

const everyModuleHasALayer = (name, root, layers) => ({
  name,
  comment: 'Add the new folder to the layers, at the height where it belongs.',
  severity: 'error',
  from: { path: root, pathNot: [inLayers(root, layers), '[.]d[.]ts$'] },
  to: {},
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...downOnly(SRC, LAYERS),
    ...downOnly(CONSOLE, CONSOLE_LAYERS),
    everyModuleHasALayer('every-module-has-a-layer', SRC, LAYERS),
    everyModuleHasALayer('every-module-of-the-console-has-a-layer', CONSOLE, CONSOLE_LAYERS),
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-folder-circles',
      comment: 'Two folders that import from each other are one folder with two names.',
      severity: 'error',
      scope: 'folder',
      from: { path: '^(functions|client|web)/src/' },
      to: { circular: true },
    },
    { name: 'no-unresolved-imports', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'product-stands-alone',
      comment: 'functions/ is deployed alone. Its build carries the contract along, and nothing else from outside.',
      severity: 'error',
      from: { path: SRC },
      to: { pathNot: `${SRC}|^(functions/)?node_modules/|^contract/src/|^(node:)?[^/]+(/promises)?$` },
    },
    {
      name: 'contract-imports-nothing',
      severity: 'error',
      from: { path: '^contract/src/' },
      to: { pathNot: '^contract/src/' },
    },
    {
      name: 'packages-by-name',
      comment: "Another package's sources are imported by the package's name, through its exports.",
      severity: 'error',
      from: { path: '^(contract|client|web|dev)/' },
      to: { path: '^(contract|client|web|functions)/src/', pathNot: '^$1/', dependencyTypes: ['local'] },
    },
    {
      name: 'product-needs-only-its-dependencies',
      comment: 'A deployment installs no devDependencies.',
      severity: 'error',
      from: { path: SRC },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'console-knows-no-server',
      comment: 'The console is built on the client library, and knows the server by its documents alone.',
      severity: 'error',
      from: { path: CONSOLE },
      to: { path: '^(functions|dev)/' },
    },
    {
      name: 'stand-in-stands-apart',
      comment: "The Deepgram stand-in shares no code with the product: that it reads the product's streams is a check.",
      severity: 'error',
      from: { path: '^dev/(deepgram|samples|demo)/' },
      to: { path: SRC },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
