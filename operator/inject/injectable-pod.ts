/** The parts of a Pod that injection looks at. Whatever is missing or null counts as absent: nothing here checks a Pod. */

export interface InjectablePod {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>> | null;
    readonly annotations?: Readonly<Record<string, string>> | null;
  };
  readonly spec?: {
    readonly hostNetwork?: boolean;
    readonly os?: { readonly name?: string } | null;
    readonly containers?: readonly InjectableContainer[] | null;
    readonly initContainers?: readonly InjectableContainer[] | null;
    readonly volumes?: readonly { readonly name?: string }[] | null;
  };
}

interface InjectableContainer {
  readonly name?: string;
  readonly restartPolicy?: string;
  readonly ports?: readonly { readonly containerPort?: number; readonly protocol?: string }[] | null;
}
