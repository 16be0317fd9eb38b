/** Compares a schema of `docs/openapi.yaml` with a type of the contract. */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { document } from './openapi.ts';

const CONTRACT = fileURLToPath(new URL('../../../contract/src/index.ts', import.meta.url));

export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly nullable?: boolean;
  readonly enum?: readonly unknown[];
  readonly allOf?: readonly Schema[];
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
}

export const schemas = document.components.schemas as Readonly<Record<string, Schema>>;

const program = ts.createProgram([CONTRACT], {
  strict: true,
  noEmit: true,
  target: ts.ScriptTarget.ESNext,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  allowImportingTsExtensions: true,
  types: [],
});
const checker = program.getTypeChecker();

/** A type that the contract exports. */
export function typeNamed(name: string): ts.Type {
  if (name === 'string') return checker.getStringType();
  if (name === 'number') return checker.getNumberType();
  const source = program.getSourceFile(CONTRACT);
  const module = source && checker.getSymbolAtLocation(source);
  const symbol = module && checker.getExportsOfModule(module).find((each) => each.name === name);
  if (symbol === undefined) return assert.fail(`The contract exports no type ${name}.`);
  const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
  return checker.getDeclaredTypeOfSymbol(isAlias ? checker.getAliasedSymbol(symbol) : symbol);
}

/** The differences between a schema and a type. */
export function differences(schema: Schema, type: ts.Type, at: string): string[] {
  return differencesOfTypes(schema, [type], at);
}

/** @param types one, or those that a field has in the members of a union */
function differencesOfTypes(schema: Schema, types: readonly ts.Type[], at: string): string[] {
  if (schema.$ref !== undefined) return differencesOfTypes(resolved(schema), types, at);
  const parts = types.flatMap((type) => (type.isUnion() ? type.types : [type]));
  const isNullable = parts.some(({ flags }) => (flags & ts.TypeFlags.Null) !== 0);
  const values = parts.filter(({ flags }) => (flags & (ts.TypeFlags.Null | ts.TypeFlags.Undefined)) === 0);
  const nulls = (schema.nullable === true) === isNullable ? [] : [`${at} is nullable in one of them`];
  return [...nulls, ...differencesOfValue(resolved(schema.allOf?.[0] ?? schema), values, at)];
}

function resolved(schema: Schema): Schema {
  const name = schema.$ref?.replace('#/components/schemas/', '');
  return name === undefined ? schema : (schemas[name] ?? assert.fail(`no schema ${name}`));
}

function differencesOfValue(schema: Schema, values: readonly ts.Type[], at: string): string[] {
  const literals = values.flatMap((value) => (value.isStringLiteral() ? [value.value] : []));
  if (literals.length > 0 && literals.length === values.length) return differencesOfEnum(schema, literals, at);
  const [value] = values;
  if (value === undefined) return [`${at} has no type`];
  if (isMoment(value)) return schema.format === 'date-time' ? [] : [`${at} is a time`];
  if (schema.type === 'object') {
    const { additionalProperties } = schema;
    const element = checker.getIndexTypeOfType(value, ts.IndexKind.String);
    if (additionalProperties !== undefined && element !== undefined) {
      return differences(additionalProperties, element, `${at}{}`);
    }
    return differencesOfObject(schema, values, at);
  }
  if (schema.type === 'array') {
    const element = checker.getIndexTypeOfType(value, ts.IndexKind.Number);
    if (element === undefined || schema.items === undefined) return [`${at} is a list in one of them`];
    // A tuple, for which OpenAPI 3.0 has no schema.
    return Object.keys(schema.items).length === 0 ? [] : differences(schema.items, element, `${at}[]`);
  }
  const expected = {
    string: ts.TypeFlags.StringLike,
    number: ts.TypeFlags.NumberLike,
    integer: ts.TypeFlags.NumberLike,
  };
  if (schema.type === 'boolean') {
    return values.every(({ flags }) => (flags & ts.TypeFlags.BooleanLike) !== 0) ? [] : [`${at} is no boolean`];
  }
  const flag = expected[schema.type as keyof typeof expected];
  return (value.flags & flag) !== 0 ? [] : [`${at} is ${checker.typeToString(value)}, not ${String(schema.type)}`];
}

/** The `Time` of documents: the Timestamp of the SDK that reads them. */
function isMoment(type: ts.Type): boolean {
  return (type.flags & ts.TypeFlags.TypeParameter) !== 0 && type.symbol.name === 'Time';
}

/** Error codes: the document lists those that can occur in a place, or has a general string. */
function differencesOfEnum(schema: Schema, literals: readonly string[], at: string): string[] {
  const isCode = literals.includes('unauthenticated');
  if (schema.enum === undefined) return isCode && schema.type === 'string' ? [] : [`${at} has values of its own`];
  const listed = schema.enum.map(String);
  const unknown = listed.filter((each) => !literals.includes(each)).map((each) => `${at} has no value ${each}`);
  if (isCode) return unknown;
  return [...unknown, ...literals.filter((each) => !listed.includes(each)).map((each) => `${at} can be ${each}`)];
}

/** @param members one type, or those of a union: what not all of them have is optional. */
function differencesOfObject(
  { properties = {}, required = [] }: Schema,
  members: readonly ts.Type[],
  at: string,
): string[] {
  const byName = new Map<string, ts.Symbol[]>();
  for (const field of members.flatMap((member) => checker.getPropertiesOfType(member))) {
    byName.set(field.name, [...(byName.get(field.name) ?? []), field]);
  }
  const missing = [...byName.keys()].filter((name) => !(name in properties));
  const unknown = Object.keys(properties).filter((name) => !byName.has(name));
  return [
    ...missing.map((name) => `${at}.${name} is not described`),
    ...unknown.map((name) => `${at}.${name} is not in the contract`),
    ...[...byName].flatMap(([name, fields]) => {
      const schema = properties[name];
      if (schema === undefined) return [];
      const isOptional =
        fields.length < members.length || fields.some(({ flags }) => (flags & ts.SymbolFlags.Optional) !== 0);
      const wrong = required.includes(name) === isOptional ? [`${at}.${name} is required in one of them`] : [];
      return [
        ...wrong,
        ...differencesOfTypes(
          schema,
          fields.map((field) => checker.getTypeOfSymbol(field)),
          `${at}.${name}`,
        ),
      ];
    }),
  ];
}
