/** Building the SDK's clients from the `client` of a call. */
import { ClientSecretCredential, getBearerTokenProvider } from '@azure/identity';
import { AzureOpenAI, OpenAI, Unsupported, VERSION } from './sdk.mjs';

const SCOPE = 'https://cognitiveservices.azure.com/.default';
const TENANT = '00000000-0000-0000-0000-000000000001';
const CLIENT_ID = '00000000-0000-0000-0000-000000000002';
const CLIENT_SECRET = 'conformance-not-a-secret';

/** A client, or what the attempt to build it threw; `tokenCalls` is null where no token provider was given. */
export function buildSession(config) {
  const session = { client: null, failure: null, tokenCalls: null };
  try {
    session.client = config.api === 'v1' ? v1Client(config, session) : azureClient(config, session);
  } catch (error) {
    session.failure = error;
  }
  return session;
}

function azureClient(config, session) {
  return new AzureOpenAI({
    ...common(config),
    endpoint: config.endpoint,
    apiVersion: config.api_version,
    ...(config.deployment !== null && { deployment: config.deployment }),
    ...azureCredential(config.auth, session),
  });
}

function v1Client(config, session) {
  const baseURL = `${config.endpoint.replace(/\/+$/, '')}/openai/v1/`;
  return new OpenAI({ ...common(config), baseURL, ...v1Credential(config.auth, session) });
}

function common({ max_retries: maxRetries, timeout_ms: timeout, headers }) {
  return {
    ...(maxRetries !== null && { maxRetries }),
    ...(timeout !== null && { timeout }),
    ...(Object.keys(headers).length > 0 && { defaultHeaders: headers }),
  };
}

function azureCredential(auth, session) {
  switch (auth.kind) {
    case 'api_key':
      return { apiKey: auth.key };
    case 'token': // the SDK has no option for a static token
      return { azureADTokenProvider: async () => auth.tokens[0] };
    case 'token_provider':
    case 'credential':
      return { azureADTokenProvider: tokenProvider(auth, session) };
    default:
      return {};
  }
}

function v1Credential(auth, session) {
  switch (auth.kind) {
    case 'api_key':
      return { apiKey: auth.key };
    case 'token':
      return { apiKey: auth.tokens[0] };
    case 'token_provider':
    case 'credential':
      if (VERSION.startsWith('4.')) {
        throw new Unsupported(`openai ${VERSION} takes no function as apiKey, so a ${auth.kind} has no place on v1`);
      }
      return { apiKey: tokenProvider(auth, session) };
    default:
      return {};
  }
}

/** A provider that counts its calls: the given tokens in turn, the last for ever, or those of a real credential. */
function tokenProvider(auth, session) {
  const next = auth.kind === 'credential' ? entraTokens(auth.authority) : listedTokens(auth.tokens);
  session.tokenCalls = 0;
  return async () => {
    session.tokenCalls += 1;
    return next();
  };
}

function listedTokens(tokens) {
  let calls = 0;
  return () => tokens[Math.min(calls++, tokens.length - 1)] ?? '';
}

function entraTokens(authorityHost) {
  const elsewhere = authorityHost ? { authorityHost, disableInstanceDiscovery: true } : {};
  return getBearerTokenProvider(new ClientSecretCredential(TENANT, CLIENT_ID, CLIENT_SECRET, elsewhere), SCOPE);
}
