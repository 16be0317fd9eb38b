/** Which way imports go: down the table below, never up, never in a circle. `npm run depcheck` */
'use strict';

/** Top to bottom. A module may import from its own folder and from the layers below its own. */
const LAYERS = [
  ['index'],
  ['wiring', 'deployment'],
  ['upload', 'commands', 'processing', 'retention'],
  ['http'],
  ['jobs', 'conversations', 'transcription', 'usage', 'notifications'],
  ['audio', 'recordings'],
  ['config', 'errors', 'logger'],
];

const SRC = '^functions/src/';
const inLayers = (layers) => `${SRC}(${layers.flat().join('|')})(/|\\.ts$)`;

const downOnly = LAYERS.slice(1).map((layer, index) => ({
  name: `${layer.join('-')}-imports-down`,
  comment: `${layer.join(', ')} must not import from ${LAYERS.slice(0, index + 1)
    .flat()
    .join(', ')}.`,
  severity: 'error',
  from: { path: inLayers([layer]) },
  to: { path: inLayers(LAYERS.slice(0, index + 1)) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...downOnly,
    {
      name: 'every-module-has-a-layer',
      comment: 'Add the new folder to LAYERS, at the height where it belongs.',
      severity: 'error',
      from: { path: SRC, pathNot: inLayers(LAYERS) },
      to: {},
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved-imports', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'product-stands-alone',
      comment: 'functions/ is deployed as it is: nothing outside it comes along.',
      severity: 'error',
      from: { path: SRC },
      to: { path: '^(dev|client|web)/' },
    },
    {
      name: 'product-needs-only-its-dependencies',
      comment: 'A deployment installs no devDependencies.',
      severity: 'error',
      from: { path: SRC },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
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
