import { relative } from "node:path";
import ts from "typescript";
import type { Client } from "./operations.js";
import { testFolder } from "./sdk-program.js";

/** A test that calls an operation. */
export interface OperationTest {
  /** With the titles around it; what a table fills in is an ellipsis. */
  readonly title: string;
  /** From the folder of the emulator's tests. */
  readonly file: string;
}

/**
 * The tests by the operations that they call, directly or through functions of this folder: `ServiceBusSender.close`. Those
 * that call the fewest others come first: they are about it.
 */
export function testedOperations(
  program: ts.Program,
  clients: readonly Client[],
): ReadonlyMap<string, readonly OperationTest[]> {
  const calls = new Calls(program, clients);
  const all: { readonly test: OperationTest; readonly operations: ReadonlySet<string> }[] = [];
  for (const source of program.getSourceFiles()) {
    if (!source.fileName.endsWith(".test.ts")) continue;
    const file = relative(testFolder, source.fileName).replaceAll("\\", "/");
    for (const { title, body } of testsIn(source)) {
      all.push({ test: { title, file }, operations: calls.from(body) });
    }
  }
  const tests = new Map<string, OperationTest[]>();
  for (const { test, operations } of all.sort((one, other) => one.operations.size - other.operations.size)) {
    for (const operation of operations) tests.set(operation, [...(tests.get(operation) ?? []), test]);
  }
  return tests;
}

/** What code calls, followed through functions that are declared in the tests. */
class Calls {
  readonly #checker: ts.TypeChecker;
  readonly #owners: ReadonlyMap<string, ReadonlySet<string>>;
  /** Only callees of these names are looked up: to find the types of all of them takes the compiler ten times as long. */
  readonly #operationNames: ReadonlySet<string>;
  readonly #functionNames: ReadonlySet<string>;
  readonly #known = new Map<ts.Node, ReadonlySet<string>>();

  constructor(program: ts.Program, clients: readonly Client[]) {
    this.#checker = program.getTypeChecker();
    this.#owners = new Map(clients.map(({ name, operations }) => [name, new Set(operations)]));
    this.#operationNames = new Set(clients.flatMap(({ operations }) => operations));
    this.#functionNames = new Set(program.getSourceFiles().filter(isOurs).flatMap(functionNames));
  }

  from(node: ts.Node): ReadonlySet<string> {
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    const found = new Set<string>();
    // Before its parts: a function that calls itself adds nothing to itself.
    this.#known.set(node, found);
    const visit = (part: ts.Node): void => {
      if (ts.isCallExpression(part)) this.#follow(part.expression, found);
      ts.forEachChild(part, visit);
    };
    visit(node);
    return found;
  }

  #follow(callee: ts.Expression, found: Set<string>): void {
    const name = ts.isPropertyAccessExpression(callee) ? callee.name : callee;
    if (!ts.isIdentifier(name)) return;
    if (ts.isPropertyAccessExpression(callee) && this.#operationNames.has(name.text)) {
      const owner = this.#ownerOf(callee);
      if (owner !== undefined) found.add(`${owner}.${name.text}`);
    }
    if (!this.#functionNames.has(name.text)) return;
    for (const declaration of this.#declarationsOf(name)) {
      for (const operation of this.from(declaration)) found.add(operation);
    }
  }

  /** The client whose method it is. */
  #ownerOf({ expression, name }: ts.PropertyAccessExpression): string | undefined {
    const type = this.#checker.getNonNullableType(this.#checker.getTypeAtLocation(expression));
    const owner = (type.aliasSymbol ?? type.getSymbol())?.name;
    return owner !== undefined && this.#owners.get(owner)?.has(name.text) === true ? owner : undefined;
  }

  #declarationsOf(name: ts.Identifier): readonly ts.Node[] {
    const symbol = this.#checker.getSymbolAtLocation(name);
    if (symbol === undefined) return [];
    const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
    const { declarations = [] } = isAlias ? this.#checker.getAliasedSymbol(symbol) : symbol;
    return declarations.filter((each) => isOurs(each.getSourceFile()));
  }
}

const isOurs = ({ fileName }: ts.SourceFile): boolean => fileName.startsWith(testFolder);

function functionNames(source: ts.SourceFile): readonly string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    const isNamed =
      ts.isFunctionDeclaration(node) ||
      ts.isMethodDeclaration(node) ||
      ts.isVariableDeclaration(node) ||
      ts.isPropertyAssignment(node);
    if (isNamed && node.name !== undefined && ts.isIdentifier(node.name)) names.push(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

interface Test {
  readonly title: string;
  readonly body: ts.Node;
}

function testsIn(source: ts.SourceFile): readonly Test[] {
  const tests: Test[] = [];
  const visit = (node: ts.Node, around: readonly string[]): void => {
    const call = ts.isCallExpression(node) ? node : undefined;
    const kind = call === undefined ? undefined : registrar(call.expression);
    const [first, body] = call?.arguments ?? [];
    if (kind === undefined || first === undefined || body === undefined || !ts.isStringLiteralLike(first)) {
      ts.forEachChild(node, (child) => {
        visit(child, around);
      });
      return;
    }
    const isTable = call?.expression.kind === ts.SyntaxKind.CallExpression;
    const titles = [...around, isTable ? shown(first.text) : first.text];
    if (kind === "it") tests.push({ title: titles.join(": "), body });
    else visit(body, titles);
  };
  visit(source, []);
  return tests;
}

/** What `it(…)`, `describe(…)`, `it.each(…)(…)` and `describe.each(…)(…)` register. */
function registrar(callee: ts.Expression): "it" | "describe" | undefined {
  if (ts.isIdentifier(callee))
    return callee.text === "it" || callee.text === "describe" ? callee.text : undefined;
  const isTable = ts.isCallExpression(callee) && ts.isPropertyAccessExpression(callee.expression);
  return isTable ? registrar(callee.expression.expression) : undefined;
}

/** Of a test that a table fills in. */
const shown = (title: string): string => title.replaceAll(/%[sdjio]|\$[a-zA-Z]+\b(?!\()/g, "…");
