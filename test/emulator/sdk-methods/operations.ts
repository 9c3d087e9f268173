import ts from "typescript";

/** A client class or interface of one of Microsoft's packages. */
export interface Client {
  readonly package: string;
  readonly name: string;
  /** Names of its public methods, in the order of the declaration. */
  readonly operations: readonly string[];
}

/** The clients that the emulator is for. */
const clients: Readonly<Record<string, readonly string[]>> = {
  "@azure/service-bus": [
    "ServiceBusClient",
    "ServiceBusSender",
    "ServiceBusReceiver",
    "ServiceBusSessionReceiver",
    "ServiceBusRuleManager",
    "ServiceBusAdministrationClient",
  ],
  "@azure/event-hubs": ["EventHubProducerClient", "EventHubBufferedProducerClient", "EventHubConsumerClient"],
  "@azure/eventgrid": ["EventGridPublisherClient"],
  "@azure/eventgrid-namespaces": ["EventGridSenderClient", "EventGridReceiverClient"],
};

/** Their public methods, read from the packages' own declarations. @throws for a client that a package does not have */
export function operationsOf(program: ts.Program): readonly Client[] {
  const checker = program.getTypeChecker();
  return Object.entries(clients).flatMap(([specifier, names]) => {
    const exported = exportsOf(program, checker, specifier);
    return names.map((name) => {
      const symbol = exported.find((each) => each.name === name);
      if (symbol === undefined) throw new Error(`${specifier} has no ${name}`);
      const operations = checker
        .getPropertiesOfType(checker.getDeclaredTypeOfSymbol(resolved(checker, symbol)))
        .filter((each) => isMethod(each) && isDeclaredIn(each, specifier))
        .map((method) => method.name);
      return { package: specifier, name, operations };
    });
  });
}

function exportsOf(program: ts.Program, checker: ts.TypeChecker, specifier: string): readonly ts.Symbol[] {
  for (const file of program.getSourceFiles()) {
    if (file.isDeclarationFile) continue;
    for (const statement of file.statements) {
      if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
      if (statement.moduleSpecifier.text !== specifier) continue;
      const module = checker.getSymbolAtLocation(statement.moduleSpecifier);
      if (module !== undefined) return checker.getExportsOfModule(module);
    }
  }
  throw new Error(`no test imports ${specifier}`);
}

const resolved = (checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol =>
  (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);

const isMethod = ({ flags, declarations = [] }: ts.Symbol): boolean =>
  (flags & ts.SymbolFlags.Method) !== 0 &&
  !declarations.some(
    (each) =>
      (ts.getCombinedModifierFlags(each) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) !== 0,
  );

/** What a client inherits from the machinery of all clients is no operation of its service. */
const isDeclaredIn = ({ declarations = [] }: ts.Symbol, specifier: string): boolean =>
  declarations.some((each) => each.getSourceFile().fileName.includes(`/node_modules/${specifier}/`));
