// What `azd up` deploys: a resource group with everything in it. Those who have rights on one resource group only deploy
// resources.bicep into it instead; docs/deploy.md shows how.
targetScope = 'subscription'

@description('Name of the azd environment; part of the names of the resource group and the resources.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Azure region; one where Flex Consumption runs (az functionapp list-flexconsumption-locations).')
@minLength(1)
param location string

@description('Feature flag of the sync. Off: the page is there, nothing is fetched.')
param partnerCenterEnabled bool = false

@description('Entra tenant of the application that reads Partner Center.')
param partnerCenterTenantId string = ''

@description('Client id of the application that reads Partner Center.')
param partnerCenterClientId string = ''

@description('true: that application has a client secret (in Key Vault). false: public client, sign-in by device code.')
param partnerCenterUsesClientSecret bool = false

@description('The client secret, when it is new or changed. Empty leaves the one in Key Vault alone.')
@secure()
param partnerCenterClientSecret string = ''

@description('Fernet key of the token cache, when it is new or changed. Empty leaves the one in Key Vault alone.')
@secure()
param tokenCacheKey string = ''

@description('When the timer syncs: NCRONTAB, six fields, UTC.')
param syncSchedule string = '0 */10 * * * *'

@description('The partner\'s own domains, comma separated.')
param partnerDomains string = ''

@description('Ask Entra which tenant a company\'s domain belongs to.')
param tenantLookupEnabled bool = true

@description('Blank the contacts of referrals closed for that many months; 0 keeps them.')
param retentionMonths int = 0

@description('Whether people may act on referrals from the page.')
param writeEnabled bool = false

@description('Where links in messages lead, behind a custom domain or Front Door; empty: the function app itself.')
param publicUrl string = ''

@description('How mail is sent: none, graph or acs.')
@allowed([
  'none'
  'graph'
  'acs'
])
param mailVia string = 'none'

@description('The sender\'s address.')
param mailFrom string = ''

@description('Endpoint of Communication Services, or Graph\'s when it is not the public one.')
param mailEndpoint string = ''

@description('With acs and no endpoint, Communication Services is made here: where it keeps data, such as Europe. It can\'t be changed later.')
param mailDataLocation string = 'Europe'

@description('Whether events of Partner Center are taken in.')
param webhookEnabled bool = false

@description('Whether referrals and Dynamics 365 are kept in step.')
param dynamicsEnabled bool = false

@description('The Dynamics 365 environment\'s address.')
param dynamicsUrl string = ''

@description('Entra tenant of the environment; empty: that of Partner Center.')
param dynamicsTenantId string = ''

@description('Application that speaks to Dynamics 365; empty: the managed identity.')
param dynamicsClientId string = ''

@description('true: that application has a client secret (dynamics-client-secret in Key Vault).')
param dynamicsUsesClientSecret bool = false

@description('true: another application makes columns and keys (dynamics-setup-secret in Key Vault).')
param dynamicsUsesSetupSecret bool = false

@description('Which referrals go to the CRM by themselves: manual, accepted or all.')
@allowed([
  'manual'
  'accepted'
  'all'
])
param dynamicsPush string = 'accepted'

@description('Id of the model-driven app in which links open records.')
param dynamicsAppId string = ''

@description('Rarely changed HUNTER_ settings, by name; they win over what the template sets.')
param settingOverrides object = {}

@description('true: create the app registration that people sign in to the page with. false: authClientId names an existing one.')
param createAppRegistration bool = true

@description('Client id of an existing app registration for the page.')
param authClientId string = ''

@description('Object ids of users or groups that get Referrals.Operate, comma separated.')
param operatorIds string = ''

@description('Object ids of users or groups that get Referrals.Write, comma separated.')
param writerIds string = ''

@description('Object ids of users or groups that get Referrals.Read, comma separated.')
param readerIds string = ''

@description('Where alerts are sent: e-mail addresses, comma separated.')
param alertEmails string = ''

@description('How long no sync may succeed before an alert, as an ISO 8601 duration.')
param noSuccessWindow string = 'PT1H'

@description('Where the folder docs of this repository can be read, for links in alerts, such as https://github.com/contoso/hunter/blob/main/docs; empty: none.')
param documentationUrl string = ''

@description('Most that Log Analytics takes in a day, in GB.')
param dailyQuotaGb int = 1

@description('Monthly budget in the subscription\'s currency; 0: none.')
param monthlyBudget int = 0

@description('First month of the budget, as 2026-11-01; none: this month. It can\'t be changed later.')
param budgetStartDate string = ''

@description('true: storage and Key Vault can be reached from a virtual network alone.')
param virtualNetworkEnabled bool = false

@description('HTTP instances that are always ready (no cold start, but a monthly price); 0: none.')
param alwaysReadyHttpInstances int = 0

var tags = {
  'azd-env-name': environmentName
}

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module resources 'resources.bicep' = {
  name: 'hunter-resources'
  scope: group
  params: {
    environmentName: environmentName
    location: location
    partnerCenterEnabled: partnerCenterEnabled
    partnerCenterTenantId: partnerCenterTenantId
    partnerCenterClientId: partnerCenterClientId
    partnerCenterUsesClientSecret: partnerCenterUsesClientSecret
    partnerCenterClientSecret: partnerCenterClientSecret
    tokenCacheKey: tokenCacheKey
    syncSchedule: syncSchedule
    partnerDomains: partnerDomains
    tenantLookupEnabled: tenantLookupEnabled
    retentionMonths: retentionMonths
    writeEnabled: writeEnabled
    publicUrl: publicUrl
    mailVia: mailVia
    mailFrom: mailFrom
    mailEndpoint: mailEndpoint
    mailDataLocation: mailDataLocation
    webhookEnabled: webhookEnabled
    dynamicsEnabled: dynamicsEnabled
    dynamicsUrl: dynamicsUrl
    dynamicsTenantId: dynamicsTenantId
    dynamicsClientId: dynamicsClientId
    dynamicsUsesClientSecret: dynamicsUsesClientSecret
    dynamicsUsesSetupSecret: dynamicsUsesSetupSecret
    dynamicsPush: dynamicsPush
    dynamicsAppId: dynamicsAppId
    settingOverrides: settingOverrides
    createAppRegistration: createAppRegistration
    authClientId: authClientId
    operatorIds: operatorIds
    writerIds: writerIds
    readerIds: readerIds
    alertEmails: alertEmails
    noSuccessWindow: noSuccessWindow
    documentationUrl: documentationUrl
    dailyQuotaGb: dailyQuotaGb
    monthlyBudget: monthlyBudget
    budgetStartDate: budgetStartDate
    virtualNetworkEnabled: virtualNetworkEnabled
    alwaysReadyHttpInstances: alwaysReadyHttpInstances
  }
}

output AZURE_RESOURCE_GROUP string = group.name
output AZURE_KEY_VAULT_NAME string = resources.outputs.keyVaultName
output AZURE_FUNCTION_APP_NAME string = resources.outputs.functionAppName
output HUNTER_DATA_STORAGE_NAME string = resources.outputs.dataStorageName
output HUNTER_DATA_TABLE_URI string = resources.outputs.tableServiceUri
output HUNTER_PAGE_CLIENT_ID string = resources.outputs.authClientId
output HUNTER_IDENTITY_PRINCIPAL_ID string = resources.outputs.identityPrincipalId
output HUNTER_IDENTITY_CLIENT_ID string = resources.outputs.identityClientId
output HUNTER_PAGE_URL string = resources.outputs.pageUrl
output HUNTER_SIGN_IN_CALLBACK_URL string = resources.outputs.signInCallbackUrl
