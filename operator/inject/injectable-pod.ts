/** The parts of a Pod that injection reads. Missing and null members count as absent: nothing here validates a Pod. */

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
